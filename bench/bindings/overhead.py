#!/usr/bin/env python3
"""What a session run on one element costs in each language, buffers used again. usage: overhead.py ROUNDS NAME=COMMAND...

Every program loads the model once. For each line on its standard input it times 50 batches of 1,000 runs by the wall clock and answers with the median
time of a run in nanoseconds and with what one run allocated: "250.1 0.0000 bytes". The programs take turns of some 15 ms, so that a busy machine meets
all of them alike; the figure of a language is the smallest of its medians, once it is warm.
"""
import shlex
import subprocess
import sys


class Program:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.medians = []
        self.allocated = []

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            sys.exit(f"{self.name} died")
        self.medians.append(float(answer[0]))
        self.allocated.append(float(answer[1]))
        self.unit = answer[2]


def main():
    rounds = int(sys.argv[1])
    programs = [Program(*argument.split("=", 1)) for argument in sys.argv[2:]]
    for turn in range(rounds + rounds // 3):
        for program in programs:
            if turn == rounds // 3:   # what compiles while it runs has had its time
                program.medians.clear()
                program.allocated.clear()
            program.turn()
    floor = min(programs[0].medians)
    print(f"{'':10} {'min of medians':>15} {'median of medians':>18} {'more than ' + programs[0].name:>12}   allocated per run")
    for p in programs:
        best, middle = min(p.medians), sorted(p.medians)[len(p.medians) // 2]
        print(f"{p.name:10} {best:12.0f} ns {middle:15.0f} ns {best - floor:9.0f} ns   {min(p.allocated):g} to {max(p.allocated):g} {p.unit}")
    for p in programs:
        p.process.stdin.close()
        p.process.wait(30)


if __name__ == "__main__":
    main()
