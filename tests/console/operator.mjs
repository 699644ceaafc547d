/* operator.mjs — a call rings in the browser, "1" takes it, a message, closed: in two languages and two widths. */
import assert from "node:assert/strict"
import { api, browser, given, texts, visitor } from "./lib.mjs"

const b = await browser()
let round = 0
for (const language of ["en", "it"])
	for (const width of [1440, 390]) {
		const v = await visitor(b, { language, width })
		const w = texts[language]
		await v.go("/")
		await v.page.locator("h1").first().waitFor()
		const title = `disk ${++round} is full`
		await api("POST", "/api/v2/alerts", [{ labels: { alertname: "DiskFull" + round, severity: "critical" }, annotations: { summary: title } }])
		const ring = v.page.locator(".ringing")
		await ring.waitFor({ timeout: 10000 })
		assert.ok((await ring.innerText()).includes(title))
		await v.accessible("a call rings")
		await v.page.keyboard.press("1")
		await ring.waitFor({ state: "detached" })
		const k = (await api("GET", `/api/tocsin/v1/tickets?q=${encodeURIComponent(title)}`))[0]
		assert.equal(k.state, "in_progress")
		assert.equal(k.assignee, given.user)
		assert.equal(k.clocks.pickup.state, "stopped")
		await v.go(`/ticket/${k.number}`)
		await v.page.locator(".chip", { hasText: w.progress }).first().waitFor()
		await v.page.locator("#message").fill(`looking at it <script>alert(1)</script> ${round}`)
		await v.page.locator("button[aria-pressed]", { hasText: w.customer }).click()
		await v.page.locator("form button[type=submit]", { hasText: w.send }).click()
		await v.page.locator(".said", { hasText: `alert(1)</script> ${round}` }).waitFor()
		/* linked with another ticket of the customer, found by its title; ended again by a click */
		const other = await api("POST", "/api/tocsin/v1/tickets", { customer: k.customer, title: `cousin of ${title}` })
		await v.page.keyboard.press("l")
		await v.page.locator("dialog input.input").fill("cousin of " + title)
		await v.page.locator("dialog .choices label", { hasText: "cousin of " + title }).click()
		await v.accessible("linking two tickets")
		await v.page.locator("dialog button[type=submit]").click()
		await v.page.locator(`.facts a[href="/ticket/${other.number}"]`).waitFor()
		assert.deepEqual((await api("GET", `/api/tocsin/v1/tickets/${other.number}`)).links, [{ number: k.number }])
		await v.page.locator(".facts button").click()
		await v.page.locator(`.facts a[href="/ticket/${other.number}"]`).waitFor({ state: "detached" })
		await v.page.locator("[role=toolbar] button", { hasText: w.close }).click()
		await v.page.locator("dialog textarea").fill("log rotated")
		await v.page.locator("dialog button[type=submit]").click()
		await v.page.locator(".chip", { hasText: w.closed }).first().waitFor()
		await v.accessible("a closed ticket")
		v.clean()
		await v.context.close()
	}
await b.close()
console.log(`${round} rounds`)
