"""Opens every page of a running dashboard in Chromium and uses every control once.

Usage: browse.py BASE USER FILM OUT [--key KEY] [--short]

Fails on: an error or warning in the console, a request to another host, a violation that axe-core finds, a page wider than the
screen, a layout that shifts by more than 0.1, a first page of 100 KB or more, a control that does not do its work. Screenshots of each
page, in two widths and two themes, go to OUT. The last line is JSON: what was seen.
"""

import json
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

base, user, film, out = sys.argv[1:5]
key = sys.argv[sys.argv.index("--key") + 1] if "--key" in sys.argv else None
short = "--short" in sys.argv
out = Path(out)
out.mkdir(parents=True, exist_ok=True)
faults: list[str] = []
PAGES = {
    "overview": "/", "trending": "/trending", "films": "/films", "film": f"/films/{film}", "user": f"/users/{user}", "quiz": "/quiz",
    "catalogue": "/catalog", "models": "/models", "monitoring": "/monitoring",
}
# The sum of layout shifts that nobody's input caused, as browsers measure it.
SHIFT = """window.__shift = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput)
window.__shift += one.value; }).observe({ type: "layout-shift", buffered: true });"""


def watched(context, name, expected=()):
    page = context.new_page()
    page.add_init_script(SHIFT)
    if key:
        page.add_init_script(f"sessionStorage.setItem('marquee-key', {json.dumps(key)})")

    def console(message):
        if message.type in ("error", "warning") and not any(word in message.text for word in expected):
            faults.append(f"{name}: console {message.type}: {message.text}")

    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
    page.on("request", lambda request: faults.append(f"{name}: asks {request.url}")
            if not request.url.startswith((base, "data:", "blob:", "about:")) else None)
    return page


def until(page, holds, what, seconds=15):
    """Looks again and again. Playwright's own wait evaluates a string in the page, which its policy forbids."""
    for _ in range(seconds * 20):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    faults.append(f"{page.url}: {what} did not come within {seconds} s")


def settled(page):
    """Until no part of the page is waiting for an answer."""
    until(page, "document.querySelectorAll('[aria-busy]').length === 0", "an answer to every question", 20)
    page.wait_for_timeout(300)


def looks(browser):
    """Every page at two widths and two themes: axe, console, width, shifts."""
    seen = {}
    for width, height in ((1280, 900),) if short else ((1280, 900), (390, 844)):
        for theme in ("light",) if short else ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            for name, path in PAGES.items():
                page = watched(context, f"{name} {width} {theme}")
                page.goto(base + path)
                settled(page)
                page.screenshot(path=out / f"{name}-{width}-{theme}.png", full_page=True)
                for violation in Axe().run(page).response["violations"]:
                    nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:2])
                    faults.append(f"{name} {width} {theme}: axe {violation['id']}: {nodes}")
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    faults.append(f"{name} {width}: wider than the screen")
                shift = page.evaluate("window.__shift")
                if shift > 0.1:
                    faults.append(f"{name} {width}: layout shifts by {shift:.2f}")
                if page.locator(".note.bad").count():
                    faults.append(f"{name}: says {page.locator('.note.bad').first.inner_text()}")
                seen[name] = page.title()
                page.close()
            context.close()
    return seen


def first_page(browser):
    context = browser.new_context()
    page = watched(context, "first page")
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"])
            if "/v1/" not in request.url else None)
    page.goto(base)
    settled(page)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    until(page, "document.getElementById('requests').textContent.includes('/s')", "a figure of the stream")
    context.close()
    if sum(sizes) >= 100_000:
        faults.append(f"the first page takes {sum(sizes)} bytes")
    return {"bytes": sum(sizes), "content_loaded_ms": round(timing)}


def controls(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def check(name, holds):
        if not holds:
            faults.append(f"control: {name}")

    page = watched(context, "controls")
    page.goto(base + "/trending")
    settled(page)
    page.get_by_role("button", name="7 days").click()
    settled(page)
    check("a window is pressed", page.get_by_role("button", name="7 days").get_attribute("aria-pressed") == "true")
    page.select_option("#genre", index=1)
    settled(page)
    check("a genre is taken", page.locator("#newest .films li").count() > 0)

    page.goto(base + "/films")
    settled(page)
    page.fill("#q", "star")
    page.wait_for_selector("#facets button")
    settled(page)
    before = page.inner_text("#found")
    page.locator("#facets button").first.click()
    settled(page)
    page.wait_for_timeout(300)
    check("a facet narrows the search", page.inner_text("#found") != before)
    page.fill("#q", "")
    page.wait_for_timeout(400)
    settled(page)
    page.locator("#more").click()
    settled(page)
    check("more films come", page.locator("#list .films li").count() > 20)

    page.goto(base + f"/films/{film}")
    settled(page)
    asked = page.evaluate(f"fetch('/v1/items/' + encodeURIComponent({json.dumps(film)}), "
                          "{ headers: { 'X-API-Key': sessionStorage.getItem('marquee-key') ?? '' } }).then((one) => one.json())")
    check("a film is called by its title, markup and all", page.inner_text("#title") == asked["title"])

    page.goto(base + f"/users/{user}")
    settled(page)
    first = page.inner_text("#list")
    page.locator("#diversity").fill("1")
    page.wait_for_timeout(400)
    settled(page)
    check("diversity changes the list", page.inner_text("#list") != first)
    page.locator("#diversity").fill("0")
    page.wait_for_timeout(400)
    settled(page)
    page.locator("#content").fill("1")
    page.wait_for_timeout(400)
    settled(page)
    check("content's weight changes the list", page.inner_text("#list") != first)
    page.locator("#content-model").click()
    settled(page)
    check("content's weight is the model's again", page.inner_text("#content-value") == "the model's")
    page.locator("#exploration").fill("0.5")
    page.select_option("#seen", "none")
    page.fill("#only", "year >= 1990")
    page.wait_for_timeout(600)
    settled(page)
    page.fill("#whynot-id", film)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector("#answer .note")
    page.locator("#exploration").fill("0")
    page.fill("#only", "")
    page.select_option("#seen", "interacted")
    page.wait_for_timeout(600)
    settled(page)
    liked = page.locator("#list .films li a").first.inner_text()
    page.locator("#list .films li button").first.click()
    until(page, f"[...document.querySelectorAll('#list .films li > a')].every((one) => one.innerText !== {json.dumps(liked)})", "a list without what was just liked")
    settled(page)

    page.goto(base + "/quiz")
    settled(page)
    for _ in range(3):
        page.get_by_role("button", name="I like").first.click()
        settled(page)
    page.wait_for_selector("#list .films li")
    page.locator("#others").click()
    settled(page)

    page.goto(base + "/models")
    settled(page)
    page.locator("#all a").first.click()
    page.wait_for_selector("#report a")
    settled(page)
    check("a model has its facts", page.locator("#facts tr").count() > 3)
    check("its report is shown", page.locator("#report svg").count() > 0 and page.locator("#report table").count() > 0)
    page.screenshot(path=out / "model-1280-light.png", full_page=True)
    for violation in Axe().run(page, options={"iframes": False}).response["violations"]:
        faults.append(f"model: axe {violation['id']}")

    page.goto(base + "/monitoring")
    settled(page)
    until(page, "document.querySelectorAll('#stored tr').length > 2", "what is stored of each partition")
    page.locator("#dead summary").first.click()
    check("a refused message is shown", "<i>no event</i> at all" in page.locator("#dead details").first.inner_text())

    page.fill("#go-user-id", user)
    page.get_by_role("button", name="Open").click()
    page.wait_for_url(f"**/users/{user}")
    settled(page)
    page.locator("#key-button").click()
    page.fill("#key-input", "mq_not_a_key")
    page.get_by_role("button", name="Cancel").click()
    page.goto(base)
    page.keyboard.press("Tab")
    check("the first stop of the keyboard skips to the content", page.evaluate("document.activeElement.className") == "skip")
    page.close()

    # Someone nobody knows, and a film that is not there: the page says so.
    page = watched(context, "unknown", expected=("404",))
    page.goto(base + "/users/nobody-knows-me")
    settled(page)
    check("a user nobody knows gets a list", page.locator("#list .films li").count() > 0)
    page.goto(base + "/films/no-such-film")
    settled(page)
    check("a film that is not there is said", page.locator("#facts .note.bad").count() == 1)
    page.close()
    page = watched(context, "refused", expected=("400",))
    page.goto(base + "/films")
    settled(page)
    page.fill("#filter", "no_such_field = 1")
    page.wait_for_selector("#list .note.bad")
    check("a wrong filter is explained", "no_such_field" in page.inner_text("#list"))
    page.close()
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    figures = {"first_page": first_page(browser), "pages": looks(browser)}
    controls(browser)
    figures["browser"] = browser.version
    browser.close()

for fault in faults:
    print(f"FAULT {fault}")
print(json.dumps(figures | {"faults": len(faults)}))
sys.exit(1 if faults else 0)
