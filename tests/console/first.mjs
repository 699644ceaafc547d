/*
 * first.mjs — the first run: sign-in with the one-time password, a password of one's own, the drill, "press 1", a message,
 * closed; in one language and width of the four, as given.
 */
import assert from "node:assert/strict"
import { browser, given, signInFirst, texts, visitor } from "./lib.mjs"

const { language, width, oneTime } = given
const w = texts[language]
const b = await browser()
const v = await visitor(b, { language, width, expect: ["401"] })
const p = v.page
await signInFirst(v, "admin", oneTime, "a password of my own")
await v.go("/setup")
await p.locator("button", { hasText: w.drill }).click()
const ring = p.locator(".ringing")
await ring.waitFor({ timeout: 15000 })
await v.accessible("a drill rings")
await p.keyboard.press("1")
await ring.waitFor({ state: "detached" })
await p.locator(".toast", { hasText: /\d/ }).first().waitFor()
await v.go("/tickets?mine=1")
await p.locator(".ticket-row").first().click()
await p.waitForURL(/\/ticket\/\d+/)
await p.locator(".chip", { hasText: w.progress }).first().waitFor()
await p.locator("#message").fill("a drill went well")
await p.locator("form button[type=submit]", { hasText: w.write }).click()
await p.locator(".said", { hasText: "a drill went well" }).waitFor()
await p.locator("[role=toolbar] button", { hasText: w.close }).click()
await p.locator("dialog textarea").fill("only a drill")
await p.locator("dialog button[type=submit]").click()
await p.locator(".chip", { hasText: w.closed }).first().waitFor()
await v.go("/admin?view=drills")
await p.locator("td a[href^='/ticket/']").first().waitFor()
const row = await p.locator("tr").first().innerText()
assert.ok(/admin/.test(row) && /ms/.test(row), row)
await v.accessible("the report of a drill")
v.clean()
await b.close()
