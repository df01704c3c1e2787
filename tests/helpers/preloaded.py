"""A process that has imported all of Leadglass and forks itself into `leadglass WORDS` when told to.

Run as `python -m helpers.preloaded`. Each line of its input is a question, each line of its output the answer, in JSON:
{"run": [words], "log": path} → the process id; {"wait": id} → its exit code, once it has ended; {"poll": id} → the
exit code, or null while it runs.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    from leadglass.app.cli.main import main as leadglass  # all the importing there is

    for line in sys.stdin:
        question = json.loads(line)
        if "run" in question:
            answer: int | None = os.fork()
            if not answer:
                out = os.open(question["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                nothing = os.open(os.devnull, os.O_RDONLY)
                for source, target in ((nothing, 0), (out, 1), (out, 2)):
                    os.dup2(source, target)
                sys.argv = ["leadglass", *question["run"]]
                leadglass()
                return
        else:
            pid, status = os.waitpid(question.get("wait") or question["poll"], os.WNOHANG if "poll" in question else 0)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
