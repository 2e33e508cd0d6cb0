"""The faults that the program survives, each with its figure and the test that does it.

    python -m benchmarks.faults > docs/faults.md

A row names its tests; one that is not in the tests any more is an error, and a test's name is its
promise.  So the page says nothing that is not tried.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
_CAPTURE, _RECORDING, _PROGRAM = "realtime/capture", "realtime/recording", "program"
_ENGINE, _TERMINAL = "realtime/engine", "realtime/dashboard/test_terminal.py"
_STREAM, _THREAD = f"{_CAPTURE}/test_network_stream.py", f"{_CAPTURE}/test_thread.py"
_RATE, _ENDS = f"{_CAPTURE}/test_frame_rate.py", f"{_PROGRAM}/test_ends.py"
_ALTERED = f"{_PROGRAM}/test_altered.py"
_DIFFICULT, _CLUSTER = f"{_PROGRAM}/test_difficult_streams.py", f"{_PROGRAM}/test_cluster.py"
_ALARMS, _TEXT = "realtime/test_false_alarms.py", f"{_PROGRAM}/test_no_picture_in_text.py"
_MISSING = f"{_CAPTURE}/test_missing.py"
_FILMS, _FOLDER = f"{_CAPTURE}/test_films_as_they_are.py", f"{_RECORDING}/test_session_folder.py"
_RECORDER, _CHILD = f"{_RECORDING}/test_recorder.py", f"{_ENGINE}/test_process.py"
_PLAN, _BATCH = f"{_ENGINE}/test_tensorrt_plan.py", f"{_PROGRAM}/test_batch.py"


@dataclass(frozen=True, slots=True)
class SurvivedFault:
    """One row: what is done to the program, what is promised, and `file::test` that tries it."""

    fault: str
    figure: str
    tests: tuple[str, ...]


def _row(fault: str, figure: str, file: str, *names: str) -> SurvivedFault:
    return SurvivedFault(fault, figure, tuple(f"{file}::test_{name}" for name in names))


FAULTS: dict[str, tuple[SurvivedFault, ...]] = {
    "Cameras and streams": (
        _row("stream cut, back later", "shown as lost and back; one reconnect; no event "
             "within 2 s of the gap",
             f"{_PROGRAM}/test_faults.py", "a_stream_that_is_cut_comes_back"),
        _row("50 losses in a row", "no thread and no descriptor more than before", _THREAD,
             "fifty_losses_leave_no_thread_behind"),
        _row("a read that never returns", "another reader; at most 2 stuck", _THREAD,
             "a_read_that_never_returns_is_given_up_and_the_source_opened_anew",
             "no_more_than_two_stuck_threads_then_restart_needed"),
        _row("the same picture as a success", "FROZEN", _THREAD,
             "a_frozen_picture_is_told_from_a_live_one"),
        _row("a picture that stands still in front of the program", "FROZEN, nothing flagged",
             _DIFFICULT, "a_picture_that_stands_still_is_said_and_nothing_is_flagged"),
        _row("60, then 24, then 7 frames a second", "the rate is shown; below 15 nothing is judged",
             _DIFFICULT, "a_rate_that_falls_is_shown_and_below_the_limit_nothing_is_judged"),
        _row("a server that sends a few bytes at a time", "given up in time; lost, opened again",
             _STREAM, "a_server_that_drips_is_given_up_in_time"),
        _row("the same in the middle of a stream", "lost, opened again", _THREAD,
             "a_stream_that_drips_is_lost_though_bytes_go_on_coming"),
        _row("Ctrl-C while a stream is silent", "ends", _DIFFICULT,
             "a_stream_that_fell_silent_does_not_keep_it_from_ending"),
        _row("device missing at the start", "code 3, one sentence", f"{_PROGRAM}/test_refusals.py",
             "no_camera"),
        _row("the same, or busy, and there later", "waited for as long as `--wait`, with growing "
             "pauses; then code 3", _DIFFICULT,
             "a_stream_that_is_not_there_yet_is_waited_for",
             "a_stream_that_stays_away_is_given_up_after_the_wait"),
        _row("H.264 joined between two keyframes, 1, 2 and 4 s apart",
             "first picture whole, none missing after it", _STREAM,
             "h264_over_http_joined_between_two_keyframes",
             "h264_over_rtsp_joined_between_two_keyframes"),
        _row("a server that answers late, or never", "waited for as long as `--open-timeout`",
             _STREAM, "a_server_that_answers_late_is_waited_for",
             "a_silent_server_is_given_up_in_time"),
        _row("refused, unreachable, wrong password, no TLS, not found, no codec, silent",
             "each in its own words", _STREAM, "what_a_server_answers_is_told_apart",
             "what_loopback_cannot_do_is_told_apart_too",
             "a_wrong_password_is_told_from_everything_else_and_the_right_one_opens"),
        _row("a password in the address", "in no output, log or traceback", _STREAM,
             "nobody_there_and_no_password_anywhere"),
        _row("a packet lost", "nothing used until the next keyframe", _STREAM,
             "a_picture_without_those_it_depends_on_is_not_used"),
        _row("damaged JPEGs", "9 of 10 that change the picture counted; of whole ones none",
             f"{_CAPTURE}/test_torn_picture.py",
             "of_damaged_pictures_in_a_stream_nine_of_ten_are_counted_and_no_whole_one",
             "people_who_move_are_not_damaged_pictures"),
        _row("one JPEG in ten damaged", "nothing flagged", _ALARMS,
             "damaged_pictures_are_counted_and_nothing_is_flagged"),
        _row("picture size changes in mid-stream", "followed, no reconnect", _THREAD,
             "a_live_source_that_changes_its_size_is_followed",
             "a_source_that_comes_back_with_another_size_is_followed"),
        _row("jitter, bursts, a busy machine", "0 frames invented as missing", _RATE,
             "jitter_and_a_consumer_that_stalls_invent_nothing",
             "frames_that_come_in_pairs_are_no_loss"),
        _row("a reader that is slower than the source, or stalls", "0 frames invented as missing",
             _MISSING, "a_slow_reader_counts_no_others",
             "of_motion_jpeg_a_slow_reader_invents_none",
             "of_motion_jpeg_a_busy_machine_invents_none"),
        _row("frames really missing", "counted", _RATE, "lost_frames_are_counted",
             "every_third_frame_missing_is_not_overlooked"),
        _row("the program suspended for 6 s, and continued",
             "noted once; nothing that waited meanwhile is used; no event of it",
             f"{_PROGRAM}/test_faults.py",
             "suspended_it_notes_the_gap_once_and_takes_nothing_from_it"),
        _row("the computer asleep", "noted; its pause is no fault of the source",
             f"{_CAPTURE}/test_suspension.py",
             "a_computer_that_slept_is_noticed_though_its_monotonic_clock_stood_still",
             "frames_that_waited_are_stale_until_some_are_waited_for"),
        _row("1000 starts and stops", "no thread and no descriptor more, under 5 MB", _THREAD,
             "a_thousand_starts_and_stops_leave_nothing_behind"),
        _row("ten thousand strings as a source", "only the grammar passes",
             f"{_CAPTURE}/test_address.py", "of_ten_thousand_strings_only_the_grammar_passes",
             "no_shape_of_password_is_shown_or_kept_in_a_message"),
        _row("40 % jitter, 10 % of the frames dropped", "the movement is found once",
             "realtime/spotting/test_onset_apex.py",
             "one_brief_movement_whatever_the_frame_rate"),
        _row("a machine too slow", "thinned evenly, and said", f"{_PROGRAM}/test_overload.py",
             "too_many_frames_are_thinned_evenly_and_it_says_so"),
    ),
    "Faces": (
        _row("light off and on, dimmed, a flash, a lamp at one side; nodding", "nothing flagged",
             _ALARMS, "light_and_nodding_are_not_flagged"),
        _row("a photograph held into the picture, an empty room", "nothing flagged", _ALARMS,
             "a_photograph_held_into_the_picture_is_not_flagged",
             "an_empty_room_has_nothing_to_judge"),
        _row("a larger poster beside the person", "the person is watched",
             f"{_PROGRAM}/test_pictures.py", "the_person_beside_a_larger_poster_is_watched"),
    ),
    "Films": (
        _row("B-frames, also in AVI", "every frame at its own time", _FILMS,
             "b_frames_come_in_the_order_of_showing_at_their_times"),
        _row("time stamps that restart, jump by an hour, are equal or negative",
             "goes on, and says it", _FILMS, "two_recordings_joined_go_on_and_say_so",
             "a_clock_set_ahead_by_an_hour_goes_on", "equal_time_stamps_are_spread"),
        _row("variable rate", "within 1 ms", f"{_CAPTURE}/test_video_file.py",
             "a_variable_rate_is_kept_within_a_millisecond"),
        _row("picture size, pixel shape, cover picture", "followed, stretched, passed over",
             _FILMS, "a_picture_that_changes_its_size_is_followed",
             "pixels_that_are_not_square_are_stretched", "a_cover_picture_is_not_the_film"),
        _row("damaged or cut film", "what is whole is delivered, the rest counted",
             f"{_CAPTURE}/test_video_file.py", "a_damaged_packet_is_counted_and_the_rest_delivered",
             "a_film_cut_short_gives_what_is_whole"),
        _row("a film that ends before its stated end", "said, in the record and in `trouble`",
             f"{_PROGRAM}/test_films.py", "a_film_that_is_cut_off_says_so"),
        _row("a playlist, `concat:`, `file:` under a film's name", "nothing else is opened",
             f"{_CAPTURE}/test_video_file.py",
             "a_playlist_under_the_name_of_a_film_opens_no_connection"),
        _row("names with odd characters, 255 bytes, latin-1", "opened",
             f"{_CAPTURE}/test_address.py", "names_as_people_have_them"),
        _row("missing and damaged pictures of a folder", "their gap in time stays",
             f"{_CAPTURE}/test_image_folder.py", "missing_numbers_leave_their_gap",
             "damaged_and_odd_pictures_are_counted_and_leave_their_place_empty"),
        _row("films of bug reports: B-frames in AVI, 23.976 fps, joined, dark then light",
             "each movement in its judged part found", f"{_PROGRAM}/test_films.py",
             "films_as_bug_reports_have_them_show_what_can_be_judged_of_them"),
        _row("nothing that can be judged", "code 8, the reason, never \"flagged 0\"",
             f"{_PROGRAM}/test_not_judged.py", "a_film_that_is_too_dark_is_not_flagged_0"),
    ),
    "Recording": (
        _row("SIGKILL while a clip is written", "at most 0.6 s of it lost",
             f"{_PROGRAM}/test_faults.py", "killed_while_a_clip_is_written"),
        _row("SIGKILL at random moments (6; 100 with `--kills 100`)",
             "finished clips and events whole; of an open clip at most 0.6 s lost",
             f"{_RECORDING}/test_kill.py", "a_killed_recording_is_readable"),
        _row("what a killed run left", "recovered; nothing that is not ours is touched",
             f"{_RECORDING}/test_clip_recovery.py",
             "what_is_readable_is_recovered_and_every_part_is_kept",
             "what_is_not_ours_is_not_touched"),
        _row("disk full while events are written", "whole lines, counted",
             _FOLDER, "a_full_disk_is_counted_and_leaves_whole_lines"),
        _row("disk full at the end of a run", "code 6, one sentence", _ENDS,
             "a_disk_that_is_full_at_the_end_is_one_sentence_and_code_6"),
        _row("space gone, then freed", "paused, and goes on", _RECORDER,
             "below_the_reserve_nothing_is_begun_until_there_is_room",
             "a_disk_that_fills_up_in_mid_clip"),
        _row("a disk that takes a second for every line", "the loop of the run never waits for it",
             _ALTERED,
             "a_disk_that_takes_a_second_for_each_line_is_waited_for_by_no_analysis"),
        _row("a network disk that does not answer", "said; the loop of the run never asks it",
             _ALTERED, "a_disk_that_does_not_answer_is_asked_nothing_by_the_loop_of_the_run"),
        _row("output folder removed", "made again", _RECORDER,
             "a_folder_removed_in_the_run_is_made_again"),
        _row("output replaced by a link, a file, a loop",
             "paused; detection goes on; nothing written through it",
             f"{_PROGRAM}/test_output_replaced.py",
             "recording_pauses_detection_goes_on_and_nothing_goes_through"),
        _row("many events at once", "four clips; the rest counted", _RECORDER,
             "no_more_than_four_clips_at_once"),
        _row("a thousand events, as fast as they can be told", "each a clip, or counted", _RECORDER,
             "of_a_thousand_events_every_one_is_a_clip_or_counted"),
        _row("pre-roll that memory cannot hold", "said at the start, marked in the clip", _RECORDER,
             "a_pre_roll_that_memory_cannot_hold_is_told_at_the_start",
             "a_pre_roll_that_was_let_go_marks_the_clip_with_what_it_lacks"),
        _row("jittered frames in a clip", "times within 1 ms", f"{_RECORDING}/test_clip_writer.py",
             "times_of_a_jittered_camera_are_kept_within_a_millisecond"),
        _row("any umask", "files 0600, folders 0700", _FOLDER,
             "everything_is_private_whatever_the_umask"),
    ),
    "Engine": (
        _row("its process killed", "events go on, it is started again", _CHILD,
             "a_killed_child_fails_what_is_pending_and_comes_back"),
        _row("its process hung or stopped", "replaced; analysis does not wait", _CHILD,
             "a_hung_child_is_replaced", "a_child_stopped_in_mid_answer_freezes_nobody"),
        _row("its process comes to answer wrongly", "replaced", _CHILD,
             "a_child_that_comes_to_answer_wrongly_is_replaced"),
        _row("failing again and again", "given up after its budget", _CHILD,
             "beyond_its_budget_it_is_given_up",
             "a_network_that_cannot_be_run_is_given_up_after_a_few_loads"),
        _row("a load of a minute", "waited for while it reports progress", _CHILD,
             "a_load_that_reports_progress_is_waited_for"),
        _row("a plan that must be built first", "built ahead by `fleeting doctor --build-engine`; "
             "else how far it is", f"{_PROGRAM}/test_doctor.py",
             "the_engine_is_built_ahead_with_its_progress",
             "a_run_that_must_build_first_says_how_far_it_is"),
        _row("NaN or Inf in an answer", "unclassified, counted", _CHILD,
             "an_answer_that_is_not_finite_is_a_failure_and_counted"),
        _row("a GPU that is out of memory (a runtime that says so)", "the processor goes on; what "
             "waits is answered", _CHILD,
             "where_the_gpu_runs_out_of_memory_the_processor_goes_on",
             "a_backend_that_was_named_has_no_spare"),
        _row("a plan with flipped bits, another key, another GPU",
             "1000 of 1000 refused before they are read", _PLAN,
             "a_thousand_damaged_plans_are_refused", "a_plan_sealed_with_another_key_is_refused",
             "a_plan_for_another_gpu_is_refused"),
        _row("a pickle, a damaged network", "refused", f"{_ENGINE}/test_folder.py",
             "a_pickle_is_never_loaded", "every_damage_to_the_network_is_refused"),
        _row("a network whose weights lie in another file", "nothing else is read",
             f"{_ENGINE}/test_folder.py", "a_network_reads_no_other_file"),
        _row("fails for good in a film", "code 5", f"{_PROGRAM}/test_not_judged.py",
             "an_engine_that_fails_for_good_ends_a_film_with_its_code"),
    ),
    "Ends and the machine": (
        _row("SIGINT, SIGTERM, SIGHUP", "clips finished, no part left",
             f"{_PROGRAM}/test_faults.py", "asked_to_stop_it_finishes_what_is_open"),
        _row("a wall clock that is set back and ahead", "the same events to the byte", _ALTERED,
             "a_wall_clock_that_is_set_back_and_ahead_changes_no_event"),
        _row("a stage that fails", "one traceback, code 1, clips whole", _ALTERED,
             "a_stage_that_fails_ends_it_with_one_traceback_and_whole_clips"),
        _row("a second signal", "130 at once", _ENDS,
             "a_second_signal_ends_it_at_once_with_130"),
        _row("a signal while a source opens", "130", _ENDS, "a_signal_while_it_opens_ends_it"),
        _row("`--seconds` while the source is lost", "ends", _ENDS,
             "the_time_is_up_while_the_source_is_lost"),
        _row("nohup", "a hang-up does not end it", _ENDS,
             "under_nohup_a_hang_up_does_not_end_it"),
        _row("standard output closed, or a pipe without reader", "records to the end", _ENDS,
             "without_standard_output_it_records_to_the_end"),
        _row("Ctrl-S, from the start on; a full terminal", "capture and recording go on", _ENDS,
             "a_halted_terminal_halts_nothing_else"),
        _row("20 columns, a dumb terminal, new sizes", "drawn, or plain lines", _TERMINAL,
             "twenty_columns_are_enough_for_the_state", "a_dumb_terminal_gets_plain_lines",
             "follows_a_storm_of_new_sizes"),
        _row("1 GB of memory", "runs, or one sentence", _ENDS,
             "with_a_gigabyte_of_memory_it_ends_with_a_sentence"),
        _row("/dev/shm that cannot be written", "code 5, one sentence", _ENDS,
             "shared_memory_that_cannot_be_written_is_one_sentence_and_code_5"),
        _row("HOME unset, or not to be written", "runs; code 4 without a face model", _ENDS,
             "without_home_it_runs", "a_home_that_cannot_be_written_is_one_sentence"),
        _row("libGL missing", "what to install", _ENDS, "without_libgl_it_says_what_to_install"),
        _row("a batch killed, its worker left", "the worker ends with it", _BATCH,
             "a_worker_dies_with_its_batch"),
        _row("a worker of a cluster killed", "no video lost; the same to the byte", _CLUSTER,
             "a_worker_that_is_killed_costs_no_video"),
        _row("a node that joins a cluster late", "takes part; the same to the byte", _CLUSTER,
             "a_node_that_joins_late_takes_part"),
        _row("one bad session in a batch", "the table has all the others", _BATCH,
             "one_bad_line_or_session_does_not_cost_the_table"),
        _row("control characters, formulas, markup in names and labels", "printed as text",
             "realtime/export/test_safe_text.py",
             "a_line_stays_one_line_and_holds_no_control_character",
             "a_spreadsheet_takes_no_cell_for_a_formula"),
        _row("an ELAN or BIDS file of a coder", "only our tiers and rows replaced",
             "realtime/export/test_merge.py",
             "a_coder_s_tiers_keep_their_bytes_and_ours_are_replaced",
             "rows_and_columns_of_a_bids_table_stay"),
    ),
    "People": (
        _row("no consent, or withdrawn in the run", "nothing kept, or nothing more",
             f"{_PROGRAM}/test_consent.py",
             "without_consent_nothing_of_a_stream_is_kept",
             "withdrawn_it_keeps_what_was_until_then_and_nothing_more",
             "asked_on_the_terminal_and_withdrawn_the_session_is_forgotten"),
        _row("too old, too much, forgotten, interrupted", "exactly what is due goes",
             "realtime/retention/test_tidy.py",
             "age_size_and_the_end_of_consent_make_a_session_due",
             "what_is_not_ours_or_in_use_is_never_due",
             "at_every_start_the_limits_hold_and_the_log_names_nobody"),
        _row("a participant is forgotten", "every file, label, row and crop",
             "realtime/retention/test_forget.py",
             "every_file_label_row_and_crop_of_a_participant_goes",
             "interrupted_anywhere_the_same_command_goes_on"),
        _row("an encrypted clip: killed, changed, another key", "readable to its last whole chunk; "
             "refused", "realtime/encryption/test_sealed_file.py",
             "cut_anywhere_the_whole_chunks_are_readable_where_it_may_be_unfinished",
             "every_change_is_refused", "another_key_is_told_apart_from_a_change"),
        _row("whatever is written or logged", "no array of pixels and no encoded picture; in a "
             "report only in the images that were asked for", _TEXT,
             "a_session_and_all_that_is_made_of_it",
             "a_report_has_pictures_in_its_images_alone",
             "what_is_logged_while_everything_is_logged"),
        _row("sockets of a run on a film", "none to the internet", f"{_PROGRAM}/test_network.py",
             "no_internet_socket_and_no_name_look_up"),
    ),
    "Profiles and training": (
        _row("a profile of another verifier", "refused",
             "realtime/spotting/test_person_profile.py",
             "one_made_with_another_verifier_is_refused"),
        _row("a profile of another rate", "said", "realtime/spotting/test_person_profile.py",
             "another_rate_is_said"),
        _row("a camera below the live limit", "nothing is promised", "calibration/test_person.py",
             "nothing_is_promised_of_a_camera_that_is_too_slow_to_be_judged"),
        _row("a training folder of other settings", "left as it is",
             "model/spotting/test_spotting.py", "a_folder_of_another_run_is_left_as_it_is"),
    ),
}  # fmt: skip


def page() -> Iterator[str]:
    """Lines of docs/faults.md.  Raises LookupError on a test that is not there."""
    yield "# Faults survived"
    yield ""
    yield "What is done to the program, what it then does, and the tests that do it. A test's name"
    yield "is its promise. Written by `python -m benchmarks.faults`, which looks for each test."
    for heading, faults in FAULTS.items():
        yield from ("", f"## {heading}", "", "| fault | what happens | tests |", "|---|---|---|")
        for row in faults:
            yield f"| {row.fault} | {row.figure} | {'; '.join(map(_shown, row.tests))} |"


def _shown(test: str) -> str:
    file, name = test.split("::")
    if name not in _names(TESTS / file):
        raise LookupError(f"tests/{file} has no {name}")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{file})"


def _names(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in page())
