/*
 * contact.mjs — a customer's contact: sign-in, a ticket by problem type, assigned to who has the skill, a message, the
 * operator's answer, closed, "it happens again".
 */
import assert from "node:assert/strict"
import { api, browser, given, signInFirst, texts, visitor } from "./lib.mjs"

const b = await browser()
let n = 0
for (const [language, width] of [["en", 1440], ["it", 390]]) {
	const w = texts[language]
	const v = await visitor(b, { language, width, expect: ["401"] })
	const oneTime = (await api("POST", "/api/tocsin/v1/users/buyer/invite")).password
	await signInFirst(v, "buyer", oneTime, "a long enough password " + n)
	await v.page.locator("button", { hasText: w.open }).first().click()
	await v.page.locator("dialog select").first().selectOption("firewall-rule")
	await v.page.locator("dialog input[required]").fill(`open port 844${n}`)
	await v.page.locator("dialog textarea").fill("for the new till system")
	await v.accessible("the dialog of a new ticket")
	await v.page.locator("dialog button[type=submit]").click()
	await v.page.waitForURL(/\/ticket\/\d+/)
	const number = +/\/ticket\/(\d+)/.exec(v.page.url())[1]
	await v.page.locator("[role=status] dl").waitFor()
	const promised = await v.page.locator("[role=status] dl").innerText()
	assert.ok(/\d{2}:\d{2}/.test(promised), "both promised times: " + promised)
	const k = await api("GET", `/api/tocsin/v1/tickets/${number}`)
	assert.deepEqual([k.state, k.team, k.assignee, k.kind], ["assigned", "network", "nora", "change"])
	assert.equal(k.opener, "contact/buyer")
	await v.page.locator("form textarea").fill("when will it be?")
	await v.page.locator("form button", { hasText: w.send }).click()
	await v.page.locator(".said", { hasText: "when will it be?" }).waitFor()
	await api("POST", `/api/tocsin/v1/tickets/${number}/take`, {}, given.nora)
	await api("POST", `/api/tocsin/v1/tickets/${number}/message`, { audience: "customer", text: "tonight at ten" }, given.nora)
	await api("POST", `/api/tocsin/v1/tickets/${number}/message`, { audience: "internal", text: "between us" }, given.nora)
	await v.page.locator(".said", { hasText: "tonight at ten" }).waitFor()
	assert.equal(await v.page.locator("text=between us").count(), 0, "what is said among us stays with us")
	await api("POST", `/api/tocsin/v1/tickets/${number}/close`, { text: "the port is open" }, given.nora)
	await v.page.locator("button", { hasText: w.again }).click()
	await v.page.locator("dialog textarea").fill("it is closed again")
	await v.page.locator("dialog button[type=submit]").click()
	await v.page.waitForURL((u) => /\/ticket\/\d+/.test(u.pathname) && !u.pathname.endsWith("/" + number))
	const next = +/\/ticket\/(\d+)/.exec(v.page.url())[1]
	assert.equal((await api("GET", `/api/tocsin/v1/tickets/${next}`)).refers_to, number)
	await v.accessible("a ticket in the portal")
	await v.go("/")
	await v.page.locator(`a[href="/ticket/${next}"]`).waitFor()
	await v.accessible("the portal")
	v.clean()
	await v.context.close()
	n++
}
await b.close()
