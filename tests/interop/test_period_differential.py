#!/usr/bin/python3
"""TimePeriods that nobody wrote, and some that somebody would, given to the real Icinga 2 and to our arithmetic: inside at the
same times of today and tomorrow."""

import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

from lab import Lab

_SEED = int(os.environ.get("PERIOD_SEED", "1"))
_PERIODS = int(os.environ.get("PERIOD_COUNT", "400"))
_COMPOSED = int(os.environ.get("PERIOD_COMPOSED", "60"))
_DUMP = pathlib.Path(os.environ.get("ENDPOINTD_PERIOD_DUMP",
                                    pathlib.Path(__file__).resolve().parents[2] / "build/asan/bin/period_dump"))
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_ALL_DAY = "00:00-24:00"
# Days that are easily mistaken, all over the year.
_BY_HAND = ["monday - friday", "friday - monday", "saturday - sunday", "monday - sunday", "sunday - saturday / 2",
            "november 1 - february 3", "december 24 - january 6", "december 1 - november 30", "january 1 - december 31",
            "january 1 - december 31 / 3", "day 31", "day 0 - 5", "day 25 - 15", "day -12 - -5", "day 15 - -5", "february 29",
            "february 30", "january 59", "january 59 - january 366", "december -300", "day 1/5", "day 1 - 30 / 5",
            "monday 1 - friday 4", "sunday 9 january", "monday 1 january - sunday 53 january", "2020-01-01 - 2040-01-01",
            "2020-01-01 - 2040-01-01 / 7", "0000-01-01 - 9999-12-31"]


class Ours:
    """Our arithmetic over a set of periods, by name."""

    def __init__(self, periods):
        self.child = subprocess.Popen([_DUMP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(periods)

    def _say(self, what):
        self.child.stdin.write(json.dumps(what) + "\n")
        self.child.stdin.flush()

    def segments(self, name, begin, end):
        self._say({"name": name, "from": begin, "to": end})
        return [tuple(segment) for segment in json.loads(self.child.stdout.readline())]

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


class Days:
    """Today and tomorrow, as the clocks of this host have them."""

    def __init__(self):
        self.today = datetime.date.today()
        self.days = [self.today, self.today + datetime.timedelta(1)]
        self.midnights = [self.midnight(self.today + datetime.timedelta(ahead)) for ahead in range(3)]
        self.begin, self.end = self.midnights[0], self.midnights[2]

    @staticmethod
    def midnight(day):
        return time.mktime((day.year, day.month, day.day, 0, 0, 0, 0, 0, -1))


class Generator:
    def __init__(self, seed, days):
        self.random, self.days = random.Random(seed), days

    def day(self):
        """One end of a range; mostly near enough to today to be of interest."""
        near = self.days.today + datetime.timedelta(self.random.randint(-9, 9))
        kind = self.random.randrange(6)
        if kind == 0:
            return near.isoformat()
        if kind == 1:
            return f"day {self.random.choice([near.day, near.day, self.random.randint(-31, 40)])}"
        if kind == 2:
            return f"{_MONTHS[near.month - 1]} {self.random.choice([near.day, self.random.randint(-31, 60)])}"
        if kind == 3:
            return _WEEKDAYS[near.weekday()]
        month = self.random.choice([None, near.month, self.random.randint(1, 12)])
        number = self.random.choice([(near.day + 6) // 7, self.random.randint(-5, 8) or 1])
        weekday = near.weekday()
        # 2.13 counts the first of the next month among the last ones of a month.
        while number < 0 and weekday in self._next_firsts(month):
            weekday = (weekday + 1) % 7
        return f"{_WEEKDAYS[weekday]} {number}" + ("" if month is None else f" {_MONTHS[month - 1]}")

    def _next_firsts(self, month):
        firsts = set()
        for day in self.days.days:
            number = (month or day.month) % 12 + 1
            firsts.add(datetime.date(day.year + (number == 1), number, 1).weekday())
        return firsts

    def days_text(self):
        first = self.day()
        if self.random.random() < 0.5:
            return first if self.random.random() < 0.9 else f"{first}/{self.random.randint(1, 4)}"
        return f"{first} - {self.day()}" + (f" / {self.random.randint(1, 5)}" if self.random.random() < 0.5 else "")

    def time(self, most):
        return f"{self.random.randint(0, most):02}:{self.random.randint(0, 59):02}" + (":30" if self.random.random() < 0.2 else "")

    def times(self):
        """Within one day."""
        if self.random.random() < 0.3:
            return _ALL_DAY
        ranges = []
        for _ in range(self.random.randint(1, 3)):
            begin = self.random.randint(0, 22)
            end = self.random.randint(begin + 1, 23)
            ranges.append(f"{begin:02}:{self.random.randint(0, 59):02}-{end:02}:{self.random.randint(0, 59):02}")
        return ",".join(ranges)

    def late_times(self):
        """That may run over into the next days."""
        return ",".join(f"{self.time(40)}-{self.time(47)}" for _ in range(self.random.randint(1, 3)))

    def this_day(self):
        """Only today, or only tomorrow: upstream does not know what began before its start."""
        day = self.random.choice(self.days.days)
        return self.random.choice([_WEEKDAYS[day.weekday()], f"{_WEEKDAYS[day.weekday()]}/2"])


def last_day(text):
    """The end of a range of days, or the only one; without a stride."""
    first, _, last = text.split("/")[0].rstrip().partition(" - ")
    if not last:
        return first
    return last if last[0].isalpha() or len(last) == 10 else f"{first.split(' ')[0]} {last}"


def without(segments, others):
    """What of `segments` is in none of `others`."""
    left = []
    for begin, end in segments:
        for cut_begin, cut_end in sorted(others):
            if cut_end <= begin or cut_begin >= end:
                continue
            if cut_begin > begin:
                left.append((begin, cut_begin))
            begin = cut_end
        if begin < end:
            left.append((begin, end))
    return left


class TimePeriods(unittest.TestCase):
    def _master(self, prepare):
        """A master of which we know what day it was when it started; what `prepare(days)` gave, and its periods."""
        while True:
            days = Days()
            periods = prepare(days)
            lab = self._enter(Lab())
            extra = "".join(self._object(name, period) for name, period in periods.items())
            master = lab.master(extra=extra)
            master.start()
            if datetime.date.today() == days.today:
                return days, periods, master

    def _enter(self, context):
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    @staticmethod
    def _object(name, period):
        ranges = ", ".join(f'"{day}" = "{times}"' for day, times in period["ranges"].items())
        return f'object TimePeriod "{name}" {{ ranges = {{ {ranges} }} }}\n'

    def _ours(self, periods):
        ours = Ours(periods)
        self.addCleanup(ours.close)
        return ours

    @staticmethod
    def _theirs(master):
        return {found["name"]: found["attrs"] for found in master.rest.get("/v1/objects/timeperiods")["results"]}

    def _compare(self, name, period, there, here, days, asked, beyond=()):
        """`beyond`: days that 2.13 may take as well."""
        with self.subTest(name=name, period=period, today=days.today.isoformat()):
            theirs = [(segment["begin"], segment["end"]) for segment in there["segments"] or []]
            theirs = without(theirs, [(0, days.begin), (days.end, float("inf"))])
            self.assertEqual(without(here, theirs), [], "inside for us only")
            self.assertEqual(without(theirs, [*here, *beyond]), [], "inside for Icinga only")
            at_least = [any(begin <= at < end for begin, end in here) for at in asked]
            if not beyond and at_least[0] == at_least[1]:
                self.assertEqual(there["is_inside"], at_least[0])

    def test_generated_ranges_are_inside_when_they_are_upstream(self):
        def prepare(days):
            generator = Generator(_SEED, days)
            periods = {f"hand-{number}": {"ranges": {day: _ALL_DAY}} for number, day in enumerate(_BY_HAND)}
            periods.update({f"made-{number}": {"ranges": {generator.days_text(): generator.times()}} for number in range(_PERIODS)})
            periods.update({f"late-{number}": {"ranges": {generator.this_day(): generator.late_times()}}
                            for number in range(_PERIODS // 4)})
            return periods

        days, periods, master = self._master(prepare)
        asked = [time.time()]
        theirs = self._theirs(master)
        asked.append(time.time())
        ours = self._ours(periods)
        last_days = self._ours({name: {"ranges": {last_day(day): _ALL_DAY for day in period["ranges"]}}
                                for name, period in periods.items()})
        inside = outside = 0
        for name, period in periods.items():
            here = ours.segments(name, days.begin, days.end)
            beyond = self._days_after_the_last(last_days, name, days, period)
            self._compare(name, period, theirs[name], here, days, asked, beyond)
            inside, outside = inside + bool(here), outside + (not here)
        # Otherwise nothing was compared.
        self.assertGreater(inside, len(periods) // 4)
        self.assertGreater(outside, len(periods) // 8)

    @staticmethod
    def _days_after_the_last(last_days, name, days, period):
        """2.13 takes the day after the last one of a range as well, unless that is a weekday."""
        if all(last_day(text) in _WEEKDAYS for text in period["ranges"]):
            return []
        yesterday = days.midnight(days.today - datetime.timedelta(1))
        inside = [bool(last_days.segments(name, begin, end)) for begin, end in zip([yesterday, days.begin], days.midnights)]
        return [(days.midnights[number], days.midnights[number + 1]) for number in range(2) if inside[number]]

    def test_generated_includes_and_excludes_are_inside_when_they_are_upstream(self):
        days, _, master = self._master(lambda days: {})
        generator = random.Random(_SEED)
        weekdays = [_WEEKDAYS[day.weekday()] for day in days.days]
        # No two of all begin or end in the same minute: upstream cuts nothing off then.
        minutes = generator.sample(range(1440), 6 * (_COMPOSED + 20))

        def ranges():
            made = {}
            for _ in range(generator.randint(1, 3)):
                begin, end = sorted((minutes.pop(), minutes.pop()))
                times = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
                day = generator.choice(weekdays)
                made[day] = f"{made[day]},{times}" if day in made else times
            return made

        periods, rests_on = {}, {}
        for number in range(_COMPOSED + 20):
            name = f"p{number}"
            period = {"ranges": ranges(), "includes": [], "excludes": [], "prefer_includes": generator.random() < 0.5}
            rests_on[name] = {name}
            if number >= 20:
                for other in generator.sample(sorted(periods), 4):
                    # One that is in twice would begin and end where it does itself.
                    if not rests_on[name] & rests_on[other]:
                        period[generator.choice(["includes", "excludes"])].append(other)
                        rests_on[name] |= rests_on[other]
            periods[name] = period
            # One by one: a period takes over the others as they are when it starts.
            master.rest.request("PUT", f"/v1/objects/timeperiods/{name}", {"attrs": period})
        asked = [time.time()]
        theirs = self._theirs(master)
        asked.append(time.time())
        if datetime.date.today() != days.today:
            self.skipTest("the day ended meanwhile")
        ours = self._ours(periods)
        for name, period in periods.items():
            here = ours.segments(name, days.begin, days.end)
            self._compare(name, period, theirs[name], here, days, asked)
        self.assertGreater(sum(len(period["includes"] + period["excludes"]) for period in periods.values()), _COMPOSED)


if __name__ == "__main__":
    unittest.main()
