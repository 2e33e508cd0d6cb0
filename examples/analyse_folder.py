"""Every film of a folder becomes a session named after its participant; then one table of events.

python examples/analyse_folder.py films/ study/
"""

import sys
from pathlib import Path

from realtime import analyse

if __name__ == "__main__":  # the network runs in a process of its own, which reads this file again
    import pandas as pd

    films, study = Path(sys.argv[1]), Path(sys.argv[2])
    tables = []
    for film in sorted(films.glob("*.mp4")):
        session = analyse(film, participant=film.stem, output=study / film.stem)
        seconds = session.record.counts.seconds
        print(f"{film.name}: {len(session.events)} events, judged {seconds.judged:.1f} s")
        tables.append(session.to_pandas())
    pd.concat(tables, ignore_index=True).to_csv(study / "all_events.csv", index=False)
