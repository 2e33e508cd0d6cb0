"""What a machine has, and what its camera delivers: `fleeting doctor`, `fleeting calibrate camera`.

In: an engine folder, an output folder, a source.  Out: `Check`s with what to do (`checks.examine`),
printed by `report.print_checks`; `engine_build.build_engine` makes what a first run would wait for;
`camera_advice.watch` measures a camera for some seconds.
"""
