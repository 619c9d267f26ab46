"""Writes homework events as NDJSON, the same file for the same arguments.

Every line is one student's work on one assignment, with all the fields that a homework platform sends and in their
natural mix: four out of five are handed in on time, one in twenty is missing and therefore has no times and no minutes.
"""

import argparse
import random

CLASS_SIZE = 40
SUBJECTS = ["chinese", "math", "english", "physics", "chemistry"]
GRADES = ["13", "14", "15", "16", "21", "22", "23"]


def clock(minute):
    """Minutes after midnight of the assignment's day, as a time of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}:{minute * 7 % 60:02d}"


def line(pick, day, school, klass, subject, student):
    head = (
        f'{{"assignment":"A{day}-{school:02d}{klass:03d}-{subject}","school":"21330000{school:02d}",'
        f'"class":"{school:02d}{klass:03d}","grade":"{GRADES[klass % 7]}","subject":"{subject}",'
        f'"student":"G{school:02d}{klass:03d}{student:03d}","assigned_at":"{day}T15:40:00+08:00","form":"written",'
    )
    fate = pick.random()
    if fate < 0.05:
        return head + '"status":"missing"}\n'
    begin = pick.randrange(960, 1200)
    minutes = pick.randrange(20, 450)
    end = begin + minutes // 10 + 1
    status = "late" if fate < 0.12 else "submitted"
    source = "measured" if fate < 0.8 else "reported"
    return (
        f'{head}"status":"{status}","started_at":"{day}T{clock(begin)}+08:00","submitted_at":"{day}T{clock(end)}+08:00",'
        f'"minutes":{minutes / 10},"minutes_source":"{source}","score_rate":{pick.randrange(40, 101) / 100},"marked":true,'
        f'"marked_by":"teacher","corrected":{"true" if fate < 0.5 else "false"},"place":"home"}}\n'
    )


def write(path, rows, seed=20260302):
    """`rows` lines over five school days; a day is filled class by class and subject by subject, as it arrives."""
    pick = random.Random(seed)
    per_day = -(-rows // 5)
    left = rows
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        for date in range(2, 7):
            day = f"2026-03-{date:02d}"
            today = min(per_day, left)
            left -= today
            for number in range(today):
                room, seat = divmod(number, CLASS_SIZE)
                room, subject = divmod(room, len(SUBJECTS))
                school, klass = divmod(room, 48)
                out.write(line(pick, day, school, klass, SUBJECTS[subject], seat))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("path")
    arguments.add_argument("rows", type=int)
    given = arguments.parse_args()
    write(given.path, given.rows)
