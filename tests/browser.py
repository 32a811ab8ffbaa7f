"""A headless Chromium, controlled through a pipe by the DevTools protocol: what a page logs, requests and looks like."""
import json
import os
import select
import subprocess
import time

from nnscratch.course.quiz.formats.pdf import find_browser

program = find_browser() if os.name == "posix" else None  # the pipe to it needs POSIX


class Browser:
    """with Browser(folder) as browser: browser.visit(url, script). The folder holds its own files; no host name resolves."""

    def __init__(self, folder, patience=30):
        self.folder, self.patience, self.count, self.waiting, self.events = folder, patience, 0, b"", []

    def __enter__(self):
        import fcntl  # not on Windows, where this file is imported, too

        (read, self.to), (self.back, write) = os.pipe(), os.pipe()
        read, write = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read, write))  # not 3 and 4, Chromium's own

        def ends():
            os.dup2(read, 3)
            os.dup2(write, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--disable-dev-shm-usage",
             f"--user-data-dir={self.folder}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"],
            preexec_fn=ends, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def send(self, method, **parameters):
        """Send one command."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if hasattr(self, "session"):
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")

    def ask(self, method, **parameters):
        """Send one command and wait for its answer; append the events that arrive meanwhile to `events`."""
        self.send(method, **parameters)
        while True:
            answer = self.next_message()
            if answer.get("id") == self.count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def next_message(self):
        end = time.monotonic() + self.patience
        while b"\0" not in self.waiting:
            assert select.select([self.back], [], [], max(0, end - time.monotonic()))[0], "the browser does not answer"
            self.waiting += os.read(self.back, 1 << 20)
        message, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(message)

    def visit(self, url, script="null"):
        """Load a page; return (the value of the script, the errors on the console, the addresses that were requested)."""
        self.events = []
        self.ask("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.next_message())
        value = self.evaluate(script)
        errors = [str(event["params"]) for event in self.events if event.get("method") == "Runtime.exceptionThrown"
                  or (event.get("method") == "Runtime.consoleAPICalled" and event["params"]["type"] in ("error", "assert"))
                  or (event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")]
        asked = [event["params"]["request"]["url"] for event in self.events
                 if event.get("method") == "Network.requestWillBeSent"]
        return value, errors, asked

    def evaluate(self, script):
        """Evaluate a script on the page that was visited last."""
        value = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in value, value
        return value["result"].get("value")

    def drag(self, start, end, y):
        """Drag with the mouse along a row of pixels."""
        for kind, x in [("mousePressed", start), *(("mouseMoved", start + k * (end - start) / 5) for k in range(1, 6)),
                        ("mouseReleased", end)]:
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def resize(self, width):
        """Set the width of the window in pixels, for this page and the next ones."""
        # The answer waits for a frame, which on a busy machine may never be drawn; the page itself knows its width.
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.evaluate(f"""new Promise(done => {{ const look = () => innerWidth == {width} ? done() : setTimeout(look, 5);
            look(); }})""")
