#!/usr/bin/env bash
# One cron line, two schedules
#
# Versions: croniter 7.0.0 (what Airflow's cron timetables count with), cronsim 2.8 (what Healthchecks expects pings by).
#
# One would guess: five plain fields without extensions mean the same times everywhere; two days' fields together mean
# "either", as every manual says; and a job at a fixed hour runs once a day.
#
# What happens: for `0 0 */2 * 1` croniter fires on every odd day and on every Monday, cronsim on Mondays that are odd days:
# some eighteen days a month against two. cronsim follows the classic cron, where a field that begins with a star, also
# `*/2`, makes the two fields "both" instead of "either". `0 0 1-31/2 * 1` names the same days and means "either" to both.
# In the night in which the clock is turned back, `30 2 * * *` fires twice by croniter, an hour apart, and once by cronsim,
# again like the classic cron, which repeats only jobs whose hour or minute is a star. In the night in which it is turned
# on, `*/30 2 * * *` fires at 3:00 by croniter and not at all by cronsim.
#
# Output seen:
#   0 0 */2 * 1     croniter Mo02 Tu03 Th05 Sa07 | cronsim Mo09 Mo23 Mo07 Mo21
#   0 0 1-31/2 * 1  croniter Mo02 Tu03 Th05 Sa07 | cronsim Mo02 Tu03 Th05 Sa07
#   30 2 * * *      croniter 25T02:30+0200 25T02:30+0100 26T02:30+0100 | cronsim 25T02:30+0200 26T02:30+0100 27T02:30+0100
#   */30 2 * * *    croniter 29T03:00+0200 30T02:00+0200 | cronsim 30T02:00+0200 30T02:30+0200
#
# Why it matters here: a training's schedule is moved between Airflow, cron and the trainer's own `--cron`, and a monitor is
# told the same line. The trainer counts as the classic cron does, so a line from Airflow with a starred step beside a
# weekday must be written as a range. A nightly job that is due twice must not be taken for a late one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check croniter==7.0.0 cronsim==2.8 tzdata==2026.3
cat >seen.py <<'PYTHON'
import datetime
import zoneinfo

import croniter
import cronsim

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def times(line, start, count):
    ours = croniter.croniter(line, start)
    yield [ours.get_next(datetime.datetime) for _ in range(count)]
    theirs = cronsim.CronSim(line, start)
    yield [next(theirs) for _ in range(count)]


def show(line, start, count, text):
    first, second = (" ".join(text(time) for time in found) for found in times(line, start, count))
    print(f"{line:15} croniter {first} | cronsim {second}")


def day(time):
    return time.strftime("%a%d")[:2] + time.strftime("%d")


def hour(time):
    return time.strftime("%dT%H:%M%z")


show("0 0 */2 * 1", datetime.datetime(2026, 11, 1), 4, day)
show("0 0 1-31/2 * 1", datetime.datetime(2026, 11, 1), 4, day)
show("30 2 * * *", datetime.datetime(2026, 10, 24, 12, tzinfo=BERLIN), 3, hour)
show("*/30 2 * * *", datetime.datetime(2026, 3, 28, 12, tzinfo=BERLIN), 2, hour)
PYTHON
venv/bin/python seen.py | tee seen
diff - seen <<'EXPECTED'
0 0 */2 * 1     croniter Mo02 Tu03 Th05 Sa07 | cronsim Mo09 Mo23 Mo07 Mo21
0 0 1-31/2 * 1  croniter Mo02 Tu03 Th05 Sa07 | cronsim Mo02 Tu03 Th05 Sa07
30 2 * * *      croniter 25T02:30+0200 25T02:30+0100 26T02:30+0100 | cronsim 25T02:30+0200 26T02:30+0100 27T02:30+0100
*/30 2 * * *    croniter 29T03:00+0200 30T02:00+0200 | cronsim 30T02:00+0200 30T02:30+0200
EXPECTED
