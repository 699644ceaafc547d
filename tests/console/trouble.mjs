/*
 * trouble.mjs — what goes wrong at a console: double clicks, two who take the same ticket, stale pages, long and wicked texts,
 * a session that ends in the middle of a message or is stolen, a browser whose clock is wrong.
 */
import assert from "node:assert/strict"
import { connect, createServer } from "node:net"
import { api, base, browser, given, signIn, visitor } from "./lib.mjs"

const b = await browser()
const open = async (title) => (await api("POST", "/api/tocsin/v1/tickets", { customer: "acme", title })).number

/* two operators take the same ticket: one wins, the other sees who */
{
	const n = await open("wanted by two")
	const one = await visitor(b, { expect: ["401"] })
	await signIn(one, "admin", given.password)
	await one.page.locator(".rail").waitFor()
	await one.go(`/ticket/${n}`)
	await one.page.locator("[role=toolbar] button", { hasText: "Take in charge" }).waitFor()
	await api("POST", `/api/tocsin/v1/tickets/${n}/take`, {}, given.nora)
	await one.page.locator("dd", { hasText: "nora" }).waitFor()
	/* double click: one change, no second event */
	const m = await open("double click")
	await one.go(`/ticket/${m}`)
	await one.page.locator("[role=toolbar] button", { hasText: "Take in charge" }).dblclick()
	await one.page.locator(".chip", { hasText: "In progress" }).waitFor()
	await one.page.locator(".timeline", { hasText: "took it in charge" }).waitFor()
	await one.page.waitForTimeout(800)
	const taken = (await api("GET", `/api/tocsin/v1/tickets/${m}/events`)).filter((e) => e.kind === "ticket_state")
	assert.equal(taken.length, 1)
	/* a stale page: what was closed meanwhile is refused with a sentence, and the page shows it */
	await one.page.locator("[role=toolbar] button", { hasText: "Suspend" }).click()
	await api("POST", `/api/tocsin/v1/tickets/${m}/close`, { text: "done elsewhere" })
	await one.page.locator("dialog button[type=submit]").click()
	await one.page.locator("dialog [role=alert]").waitFor()
	assert.ok((await one.page.locator("dialog [role=alert]").innerText()).length > 10)
	await one.page.keyboard.press("Escape")
	await one.context.close()
}

/* long and wicked texts are texts */
{
	const evil = `"><img src=x onerror="window.evil=1"><script>window.evil=1</script>{{7*7}} \u202e gnp.exe \u0000`
	const n = await open("wicked " + evil.replace("\u0000", ""))
	await api("POST", `/api/tocsin/v1/tickets/${n}/message`, { audience: "customer", text: Array.from({ length: 10000 }, (_, i) => i + (i % 2000 === 0 ? evil.replace("\u0000", "") : "")).join("\n") })
	await api("POST", "/api/v2/alerts", [{ labels: { alertname: "<b>bold</b>", severity: "<i>", host: evil.replace("\u0000", "") }, annotations: { summary: evil.replace("\u0000", "") } }])
	const v = await visitor(b, { expect: ["401"] })
	await signIn(v, "admin", given.password)
	await v.page.locator(".rail").waitFor()
	await v.go(`/ticket/${n}`)
	await v.page.locator(".said", { hasText: "9999" }).waitFor()
	await v.go("/alerts")
	await v.page.locator("strong", { hasText: "<b>bold</b>" }).first().waitFor()
	await v.go("/")
	await v.page.locator(".ticket-row", { hasText: "wicked" }).waitFor()
	assert.equal(await v.page.evaluate(() => window.evil), undefined)
	v.clean()
	await v.context.close()
}

/* a session that ends in the middle of a message: nothing is lost */
{
	const n = await open("interrupted")
	const v = await visitor(b, { expect: ["401"] })
	await signIn(v, "admin", given.password)
	await v.page.locator(".rail").waitFor()
	await v.go(`/ticket/${n}`)
	await v.page.locator("#message").fill("half a thought")
	await v.context.clearCookies()
	await v.page.locator("form button[type=submit]", { hasText: "Write" }).click()
	const dialog = v.page.locator("dialog[open]")
	await dialog.locator("input[name=password]").fill(given.password)
	await dialog.locator("button[type=submit]").click()
	await v.page.locator(".said", { hasText: "half a thought" }).waitFor()
	assert.equal((await api("GET", `/api/tocsin/v1/tickets/${n}/events`)).filter((e) => e.kind === "ticket_message").length, 1)
	await v.context.close()
}

/* a stolen cookie is worth nothing after the password was changed */
{
	const v = await visitor(b, { expect: ["401"] })
	await signIn(v, "admin", given.password)
	await v.page.locator(".rail").waitFor()
	const cookies = await v.context.cookies()
	const thief = await visitor(b, { expect: ["401"] })
	await thief.context.addCookies(cookies)
	await thief.go("/")
	await thief.page.locator(".rail").waitFor()
	const csrf = await v.page.evaluate(async () => (await (await fetch("/api/tocsin/v1/me")).json()).csrf)
	const status = await v.page.evaluate(async ([password, token]) => (await fetch("/api/tocsin/v1/password", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": token }, body: JSON.stringify({ password }) })).status, [given.password + "!", csrf])
	assert.equal(status, 200)
	await thief.page.reload()
	await thief.page.locator("input[name=password]").waitFor()
	await v.page.reload()
	await v.page.locator(".rail").waitFor()
	given.password += "!"
	await thief.context.close()
	await v.context.close()
}

/* a browser whose clock is two days ahead says so and shows the daemon's times */
{
	const v = await visitor(b, { expect: ["401"] })
	await v.context.addInitScript(() => {
		const real = Date.now
		Date.now = () => real() + 2 * 864e5
	})
	await signIn(v, "admin", given.password)
	await v.page.locator(".notice-bar", { hasText: "clock is wrong" }).waitFor()
	await v.page.locator(".ticket-row .clock").first().waitFor()
	assert.ok(!(await v.page.locator(".ticket-row").first().innerText()).includes("−"), "nothing is late only because the browser is ahead")
	await v.context.close()
}

/* what happened while the connection was lost is there when it is back */
{
	const through = new Set()
	let cut = false
	const proxy = createServer((from) => {
		if (cut) return from.destroy()
		const to = connect(+new URL(base).port, "127.0.0.1")
		for (const [x, y] of [[from, to], [to, from]]) {
			through.add(x)
			x.pipe(y)
			x.on("error", () => y.destroy())
			x.on("close", () => (through.delete(x), y.destroy()))
		}
	})
	await new Promise((done) => proxy.listen(0, "127.0.0.1", done))
	const v = await visitor(b, { origin: `http://127.0.0.1:${proxy.address().port}`, expect: ["401", "ERR_", "Failed to load"] })
	await signIn(v, "admin", given.password)
	await v.page.locator('.live-dot[data-state="live"]').waitFor()
	cut = true
	for (const s of through) s.destroy()
	await v.page.locator('.live-dot[data-state="waiting"]').waitFor()
	const n = await open("opened while nobody listened")
	cut = false
	await v.page.locator('.live-dot[data-state="live"]').waitFor()
	await v.page.locator(`.ticket-row[href="/ticket/${n}"]`).waitFor()
	v.clean()
	await v.context.close()
	proxy.close()
}

/* a phone number that is none is refused with a sentence that names it */
{
	const r = await fetch(base + "/api/tocsin/v1/resources", { method: "POST", headers: { Authorization: "Bearer " + given.admin, "Content-Type": "application/json" }, body: JSON.stringify([{ kind: "user", name: "nophone", spec: { phone: "call me" } }]) })
	const said = await r.text()
	assert.equal(r.status, 400, said)
	assert.ok(said.includes("phone"), said)
}
await b.close()
