"""Opens report pages in headless Chromium with the network off: phone and desktop width, light and dark.

Usage: browser.py FOLDER PAGE…    (screenshots go into FOLDER)
Prints JSON: by page and view what axe-core found against, what could not be decided, what was asked for beyond the page
itself, what the console said, and how far the page is wider than the window.
"""

import json
import os
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# target-size only runs where wcag22aa is named.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def look(browser, page_path, width, height, scheme, folder):
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, java_script_enabled=True
    )
    page = context.new_page()
    requests, said = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    address = "file://" + os.path.abspath(page_path)
    page.goto(address)
    name = os.path.splitext(os.path.basename(page_path))[0]
    page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height))"""
    )
    seen = [url for url in requests if url != address]
    results = Axe().run(page, options={"runOnly": TAGS}).response

    def short(findings):
        return [
            {"rule": f["id"], "nodes": len(f["nodes"]), "example": f["nodes"][0]["html"][:200],
             "why": f["nodes"][0].get("failureSummary", "")[:300]}
            for f in findings
        ]

    context.close()
    return {
        "violations": short(results["violations"]),
        "undecided": short(results["incomplete"]),
        "passed": len(results["passes"]),
        "requests": seen,
        "console": said,
        "overflow": over,
        "smallest_text": smallest,
    }


def main():
    folder, pages = sys.argv[1], sys.argv[2:]
    views = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path in pages:
            for width, height in ((390, 844), (1280, 800)):
                for scheme in ("light", "dark"):
                    name = f"{os.path.basename(path)} {width} {scheme}"
                    views[name] = look(browser, path, width, height, scheme, folder)
        browser.close()
    json.dump(views, sys.stdout, indent=1)


main()
