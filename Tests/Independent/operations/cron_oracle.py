"""The times of cron expressions by other means, as JSON: a list for each line "zone<tab>start<tab>expression" of the input.

In UTC by croniter. In other zones by walking through the minutes of the real time line with zoneinfo: what the wall shows
decides, a time skipped by the clock fires at the turn, one that comes twice the first time, and an hour field that begins
with * follows the real hours.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

COUNT = 8
NAMES = {n: i for i, n in enumerate("sun mon tue wed thu fri sat".split())}
MONTHS = {n: i + 1 for i, n in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}


def values(field, low, high, names):
    found = set()
    for part in field.split(","):
        base, _, step = part.partition("/")
        if base == "*":
            first, last = low, high
        else:
            ends = [names[e] if e in names else int(e) for e in base.split("-")]
            first, last = ends[0], ends[1] if len(ends) == 2 else (high if step else ends[0])
        found.update(range(first, last + 1, int(step or 1)))
    return found


def matcher(expression):
    fields = expression.split()
    minute, hour = values(fields[0], 0, 59, {}), values(fields[1], 0, 23, {})
    day, month = values(fields[2], 1, 31, {}), values(fields[3], 1, 12, MONTHS)
    weekday = {v % 7 for v in values(fields[4], 0, 6, NAMES)}
    both = fields[2].startswith("*") or fields[4].startswith("*")

    def fits(wall):
        days = (wall.day in day, (wall.weekday() + 1) % 7 in weekday)
        return wall.minute in minute and wall.hour in hour and wall.month in month and (all if both else any)(days)

    return fits, fields[1].startswith("*")


def walk(zone, start, expression):
    fits, is_open = matcher(expression)
    zone = ZoneInfo(zone)
    now = datetime.fromtimestamp(start, timezone.utc).replace(second=0) + timedelta(minutes=1)
    wall = now.astimezone(zone).replace(tzinfo=None)
    before = (now - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
    found = []
    while len(found) < COUNT:
        local = now.astimezone(zone)
        wall = local.replace(tzinfo=None)
        fires = fits(wall) and (is_open or local.fold == 0)
        if not is_open and wall - before > timedelta(minutes=1):
            skipped = before + timedelta(minutes=1)
            while skipped < wall:
                fires = fires or fits(skipped)
                skipped += timedelta(minutes=1)
        if fires:
            found.append(int(now.timestamp()))
        before, now = wall, now + timedelta(minutes=1)
    return found


answers = []
for line in sys.stdin.read().splitlines():
    zone, start, expression = line.split("\t")
    if zone == "UTC":
        times = croniter(expression, int(start), implement_cron_bug=True)
        answers.append([int(times.get_next(float)) for _ in range(COUNT)])
    else:
        answers.append(walk(zone, int(start), expression))
print(json.dumps(answers))
