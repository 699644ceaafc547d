/*
 * explore.mjs — PromQL is written with help: names, labels and values are completed with their types, what is wrong is marked
 * where it stands, and the answer comes as graph, table and plan, beside an earlier time.
 */
import assert from "node:assert/strict"
import { browser, visitor } from "./lib.mjs"

const b = await browser()
const v = await visitor(b)
const p = v.page
const field = p.locator("textarea")
const hints = p.locator(".promql [role=option]")
const type = (text) => field.pressSequentially(text)
await v.go("/explore")
await type("sum by (mo")
await hints.filter({ hasText: /^mode/ }).first().waitFor()
await p.keyboard.press("Tab")
await type(") (rat")
const rate = hints.first()
await rate.waitFor()
assert.match(await rate.innerText(), /^rate\(range\)\s+the growth a second/)
await p.keyboard.press("Tab")
await type("node_cpu_sec")
await hints.first().waitFor()
assert.match(await hints.first().innerText(), /^node_cpu_seconds_total\s+counter\s+seconds of each processor/)
await v.accessible("completion")
await p.keyboard.press("ArrowDown")
await p.keyboard.press("Enter")
await type('{mode!="id')
await hints.filter({ hasText: /^idle/ }).first().waitFor()
await p.keyboard.press("Tab")
await type('"}[5x')
/* wrong: marked at its place, said below, and not run */
await p.locator(".promql .wrong", { hasText: "1:58: parse error" }).waitFor()
assert.equal(await p.locator(".promql mark").innerText(), "5x")
await p.keyboard.press("Backspace")
await type("m]))")
await p.locator(".promql .wrong", { hasText: /^$/ }).waitFor({ state: "attached" })
assert.equal(await field.inputValue(), 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))')
await p.keyboard.press("Enter")
await p.waitForURL(/q=sum/)
/* the first samples of a machine that has just been watched may be one only: the table shows what is there */
await p.locator(".segmented button", { hasText: "Table" }).click()
await field.fill("node_load1")
await p.keyboard.press("Enter")
await p.locator("td", { hasText: "node_load1{" }).waitFor()
await p.locator(".segmented button", { hasText: "Plan" }).click()
await p.locator(".tree", { hasText: "vectorSelector" }).waitFor()
assert.match(await p.locator(".facts").innerText(), /samples read\s+\d/)
await v.accessible("the plan")
await v.go("/explore?q=" + encodeURIComponent("vector(1) or vector(time() % 300)") + "&back=1d")
await p.locator(".chart canvas").waitFor()
assert.match(await p.locator(".table tbody tr").first().innerText(), /\{\}\s+1\s+1\s+1\s+1/)
await v.accessible("a graph beside the day before")
/* an address with something wrong in it is a sentence, not a failure */
await v.go("/explore?q=" + encodeURIComponent("rate(up)"))
await p.locator(".state-box", { hasText: "expected type range vector" }).waitFor()
v.clean()
await b.close()
