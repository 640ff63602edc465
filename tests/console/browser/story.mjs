// SPDX-License-Identifier: Apache-2.0
// The story of the demo in a browser: watched and driven from the page. Time is moved by hand, so
// that each state can be looked at; what is waited for is what the page shows.
import assert from "node:assert/strict";
import {execFile, spawn} from "node:child_process";
import {readdir, readFile} from "node:fs/promises";
import {promisify} from "node:util";
import {chromium} from "playwright-core";

const {CHROMIUM, SITELATCH, NAME, DATA, CONSOLE, PRIMARY, CHECK, SCREENSHOTS} = process.env;
const base = CONSOLE.split("?")[0];
const limit = 90_000;  // what only a broken program reaches
const sitelatch = (...words) => promisify(execFile)(SITELATCH, words);
const advance = (by) => sitelatch("advance", "--data-dir", DATA, by);
const site = (state) => fetch(`${PRIMARY}/lb-check`, {method: "POST", body: state}).then((answer) => answer.text());

const browser = await chromium.launch({executablePath: CHROMIUM, args: ["--no-sandbox"]});
const context = await browser.newContext({viewport: {width: 1180, height: 860}, colorScheme: "light"});
context.setDefaultTimeout(limit);
const page = await context.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
page.on("console", (message) => {
  // That an act was refused, and that a connection was lost, the browser says by itself.
  if (message.type() === "error" && !/status of (401|409)|ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE/.test(message.text()))
    complaints.push(`console: ${message.text()}`);
});

let steps = 0;
async function step(words, does) {
  const begun = Date.now();
  try {
    await does();
  } catch (error) {
    await page.screenshot({path: `${SCREENSHOTS}/failed.png`, fullPage: true});
    console.log(`FAILED: ${words}\n${await page.locator("main").innerText().catch(() => "")}`);
    throw error;
  }
  console.log(`ok ${++steps}: ${words} (${Date.now() - begun} ms)`);
}
const picture = (name) => page.screenshot({path: `${SCREENSHOTS}/console-${name}.png`, fullPage: true});
const headline = (text) => page.locator("h1", {hasText: text}).waitFor();
const state = (text) => page.locator(".banner .state", {hasText: text}).waitFor();
// Moves time until the page shows it.
async function advanceUntil(shown, by = "10s") {
  for (const end = Date.now() + limit; Date.now() < end;) {
    if (await shown()) return;
    await advance(by);
    await page.waitForTimeout(300);  // polling: the page looks once a second of the world's
  }
  throw new Error("never shown");
}
const isShown = (selector, hasText) => async () => await page.locator(selector, {hasText}).count() > 0;
async function open(action) {
  await page.locator(`[data-act="${action}"]`).click();
  return page.locator("dialog");
}
const lastRun = (text) => page.locator(".run").first().locator(".tag", {hasText: text}).first().waitFor();
// The command waits for the engine: its time is moved until the command has ended.
async function drive() {
  await advanceUntil(async () => await page.locator(".run").first().locator("button").count() === 0);
}

try {
  await step("without the token there is nothing", async () => {
    assert.equal((await page.goto(base)).status(), 401);
    assert.equal((await page.goto(`${base}?token=0123`)).status(), 401);
  });
  await step("the token opens the guard's page, and leaves the address", async () => {
    await page.goto(CONSOLE);
    await headline(`Primary serves ${NAME}`);
    await state("armed");
    assert.ok(!page.url().includes("token"));
    assert.equal(await page.title(), `Primary serves ${NAME} – Sitelatch`);
    await page.locator("#live.live").waitFor();
    await picture("armed");
  });
  await step("keyboard: skip link, buttons, a dialog that Escape closes", async () => {
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "page");
    assert.ok(page.url().includes("#/guard/"));
    await page.locator('[data-act="trip"]').focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({state: "detached"});
  });
  await step("for who cannot see: one h1, live regions, every field named", async () => {
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator('.banner [aria-live="polite"] h1').count(), 1);
    assert.equal(await page.locator("button").evaluateAll((all) => all.filter((one) => !one.textContent.trim()).length), 0);
    assert.equal(await page.locator('[role="img"]').evaluateAll((all) => all.filter((one) => !one.getAttribute("aria-label")).length), 0);
  });
  await step("the engine's page moves time; Primary fails, and DNS names Backup", async () => {
    await site("DOWN");
    await page.locator("nav a", {hasText: "Engine"}).click();
    await headline("The engine");
    let clock = await page.locator(".big").innerText();
    for (let i = 0; i < 9 && !await page.locator(".tag", {hasText: "unhealthy"}).count(); ++i) {
      await page.locator("button", {hasText: "+10s"}).click();
      await page.locator(".said", {hasText: "It is "}).waitFor();
      while (await page.locator(".big").innerText() === clock) await page.waitForTimeout(100);  // polling
      clock = await page.locator(".big").innerText();
      await page.waitForTimeout(1200);  // polling: until the page has looked again
    }
    await page.locator(".tag", {hasText: "unhealthy"}).waitFor();
    await page.locator("nav a", {hasText: "Guards"}).click();
    await page.locator("td a", {hasText: NAME}).click();
    await headline(`Backup serves ${NAME}`);
    await page.locator("section", {hasText: "name servers answer"}).locator(".tag", {hasText: "Backup"}).waitFor();
  });
  await step("failing over: what is awaited, and how to cut it short", async () => {
    await state("failing over");
    await page.locator(".next .command", {hasText: `sitelatch trip ${NAME}`}).waitFor();
    await picture("failing-over");
  });
  await step("latched: who, when, and the way there", async () => {
    await advanceUntil(isShown(".banner .state", "latched"));
    await headline(`Backup serves ${NAME}`);
    await page.locator(".story li", {hasText: "Latched by the function"}).waitFor();
    await page.locator(".story li", {hasText: "Route 53 finds Primary unhealthy"}).waitFor();
    await page.locator("section", {hasText: "Who did what"}).locator("td", {hasText: "the function"}).first().waitFor();
    await page.locator(".next", {hasText: "Mend Primary first"}).waitFor();
    await picture("latched");
  });
  await step("a switch back while Primary is down is refused, as on the command line", async () => {
    const dialog = await open("switch-back");
    await dialog.locator('[name="reason"]').fill("too early");
    await dialog.locator('[name="typed"]').fill(NAME.slice(1));
    await dialog.locator('button[type="submit"]').click();
    assert.equal(await dialog.locator("[name=typed]:invalid").count(), 1);  // not typed right: not sent
    await dialog.locator('[name="typed"]').fill(NAME);
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await lastRun("refused");
    await page.locator(".run", {hasText: "Nothing was"}).first().waitFor();
    await state("latched");
  });
  await step("the server asks for the name too, whatever the page has checked", async () => {
    const said = await page.evaluate(async (subject) => {
      const answer = await fetch("/api/act", {method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({subject, action: "switch-back", reason: "x", typed: "no"})});
      return [answer.status, (await answer.json()).error];
    }, `guard:0:${CHECK}`);
    assert.equal(said[0], 409);
    assert.match(said[1], new RegExp(`type ${NAME}`));
  });
  await step("a forged Origin, another page, a form: nothing is begun", async () => {
    const cookies = (await context.cookies(base)).map((one) => `${one.name}=${one.value}`).join("; ");
    assert.ok(cookies.startsWith("sitelatch-"));
    const act = {method: "POST", body: JSON.stringify({subject: `guard:0:${CHECK}`, action: "trip", reason: "forged"})};
    for (const headers of [{Origin: "https://evil.example"}, {Origin: "null"}, {}]) {
      const answer = await fetch(`${base}api/act`, {...act, headers: {Cookie: cookies, "Content-Type": "application/json", ...headers}});
      assert.equal(answer.status, 403);
    }
    const elsewhere = await context.newPage();
    await elsewhere.goto(PRIMARY);
    await elsewhere.evaluate((url) => fetch(url, {method: "POST", mode: "no-cors", credentials: "include",
      headers: {"Content-Type": "text/plain"}, body: "{}"}).catch(() => {}), `${base}api/act`);
    assert.equal(await elsewhere.evaluate((url) => fetch(url, {credentials: "include"}).then(() => "read", () => "refused"), `${base}api/events?of=fleet`),
                 "refused");
    await elsewhere.close();
    assert.equal(await page.locator(".run").count(), 1);
  });
  await step("Primary is back: the page says so, and still Backup serves", async () => {
    await site("UP");
    await page.locator(".story li", {hasText: "Primary answers again"}).waitFor();
    await page.locator(".next", {hasText: "Synchronise the sites"}).waitFor();
    await advance("2m");
    await headline(`Backup serves ${NAME}`);
  });
  await step("switched back from the page, seen through to its end", async () => {
    const dialog = await open("switch-back");
    await dialog.locator('[name="reason"]').fill("the sites are synchronised");
    await dialog.locator('[name="typed"]').fill(NAME);
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await lastRun("under way");
    await advanceUntil(isShown(".banner .state", "switching back"), "1s");
    await picture("switching-back");
    await drive();
    await lastRun("done");
    await headline(`Primary serves ${NAME}`);
    await state("armed");
    await page.locator("td", {hasText: "the sites are synchronised"}).first().waitFor();
    await page.locator(".story li", {hasText: "Switched back"}).waitFor();
  });
  await step("disarmed for maintenance from the page, and armed again", async () => {
    await advance("11m");  // Route 53 has found Primary healthy for so long
    let dialog = await open("disarm");
    await dialog.locator('[name="length"]').fill("30m");
    await dialog.locator('[name="keep"]').selectOption("primary");
    await dialog.locator('[name="reason"]').fill("rolling restart");
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await lastRun("done");
    await state("maintenance");
    await headline(`Primary serves ${NAME}`);
    dialog = await open("arm");
    await dialog.locator('[name="reason"]').fill("restarted");
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await drive();
    await lastRun("done");
    await state("armed");
    await page.locator("td", {hasText: "restarted"}).first().waitFor();
    const mails = await Promise.all((await readdir(`${DATA}/mail`)).map((name) => readFile(`${DATA}/mail/${name}`, "utf8")));
    assert.ok(mails.some((mail) => mail.includes(`maintenance of ${NAME} is over, Primary serves`)));
  });
  await step("a drill from the page, and somebody who answers its message", async () => {
    await page.locator(".drill", {hasText: "No drill is known of"}).waitFor();
    const dialog = await open("drill");
    await dialog.locator('[name="reach"]').selectOption("yes");
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await lastRun("under way");
    let code;
    await advanceUntil(async () => {
      for (const name of await readdir(`${DATA}/mail`))
        code ??= (await readFile(`${DATA}/mail/${name}`, "utf8")).match(/answer with\s+(\S+),/)?.[1];
      return code;
    }, "1s");
    await sitelatch("acknowledge", NAME, code);
    await drive();
    await lastRun("passed");
    await page.locator(".run", {hasText: "A person was reached after"}).first().waitFor();
    await page.locator(".drill", {hasText: "alarm passed: a person was reached after"}).waitFor();
    await page.locator("section", {hasText: "What latches"}).locator("p", {hasText: "Unsafe seconds as it is set up"}).waitFor();
    await state("armed");
    await picture("drilled");
  });
  await step("tripped from the page", async () => {
    const dialog = await open("trip");
    await dialog.locator('[name="reason"]').fill("Primary serves old sessions");
    await dialog.locator('button[type="submit"]').click();
    await dialog.waitFor({state: "detached"});
    await lastRun("done");
    await advanceUntil(isShown("h1", `Backup serves ${NAME}`));
    await page.locator(".story li", {hasText: "Tripped by hand"}).waitFor();
  });
  await step("the fleet, the worst first", async () => {
    await page.locator("nav a", {hasText: "Guards"}).click();
    await page.locator("tbody tr", {hasText: NAME}).locator(".tag", {hasText: "latched"}).waitFor();
    await picture("fleet");
  });
  await step("a rehearsal: a forced status, a fault, mail, the function's log", async () => {
    await page.locator("nav a", {hasText: "Engine"}).click();
    const row = page.locator("tr", {hasText: CHECK});
    await row.locator("button", {hasText: "Up"}).click();
    await row.locator(".tag", {hasText: "forced up"}).waitFor();
    await row.locator("button", {hasText: "Auto"}).click();
    await row.locator(".tag", {hasText: "forced"}).waitFor({state: "detached"});
    const faults = page.locator("section", {has: page.locator("h2", {hasText: "Faults"})});
    await faults.locator("form").first().locator("[name=for]").fill("5m");
    await faults.locator("form").first().locator("button").click();
    await faults.locator("li", {hasText: "cloudwatch"}).waitFor();
    await faults.locator("li button").click();
    await faults.locator("li").waitFor({state: "detached"});
    await page.locator("summary", {hasText: "oncall@example.test"}).first().waitFor();
    await page.locator("pre", {hasText: "REPORT"}).waitFor();
    await page.locator("svg.plot").first().waitFor();
    await picture("engine");
  });
  await step("dark, and a phone's width without a sideways scroll", async () => {
    await page.goto(`${base}#/guard/0/${CHECK}`);
    await headline(`Backup serves ${NAME}`);
    await page.emulateMedia({colorScheme: "dark"});
    await picture("dark");
    await page.setViewportSize({width: 390, height: 800});
    for (const hash of [`#/guard/0/${CHECK}`, "#/fleet", "#/engine"]) {
      await page.goto(base + hash);
      await page.locator("h1").waitFor();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${hash} is wider than a phone`);
    }
    await page.goto(`${base}#/guard/0/${CHECK}`);
    await headline(`Backup serves ${NAME}`);
    await picture("phone");
  });
  await step("a connection that is lost is told, and comes back by itself", async () => {
    const token = "5e55107e5e55107e5e55107e5e55107e";
    const start = (at) => new Promise((resolve, reject) => {
      const child = spawn(SITELATCH, ["console", "--listen", at], {env: {...process.env, SITELATCH_CONSOLE_TOKEN: token}});
      child.stdout.once("data", (data) => resolve({child, url: String(data).match(/console=(\S+)/)[1]}));
      child.once("exit", (code) => reject(new Error(`console ended: ${code}`)));
    });
    const stop = ({child}) => new Promise((resolve) => child.once("exit", resolve).kill("SIGTERM"));
    let console_ = await start("127.0.0.1:0");
    const own = new URL(console_.url);
    await page.goto(console_.url);
    await headline(`Backup serves ${NAME}`);
    await stop(console_);
    await page.locator("#live.lost", {hasText: "Connection lost"}).waitFor();
    await headline(`Backup serves ${NAME}`);  // what was seen last stays
    console_ = await start(own.host);
    await page.locator("#live.live").waitFor();
    await stop(console_);
  });
  assert.deepEqual(complaints, [], "the browser complained");
} finally {
  await browser.close();
}
console.log(`${steps} steps`);
