/*
 * speed.mjs — how fast the console is: the first page on a machine slowed to a quarter, and a board of thousands.  Prints
 * figures as JSON; judges nothing.
 */
import { api, base, browser, visitor } from "./lib.mjs"

const b = await browser()

/*
 * From the navigation until the first row is on the screen and a click on it would be heard, by the page's own clock, with
 * the processor at a quarter of its speed.  (Asking from outside whether it is there would add what the asking costs.)
 */
const SEEN = `new MutationObserver((_, o) => document.querySelector(".ticket-row") && (o.disconnect(), requestAnimationFrame(() => setTimeout(() => (window.seen = performance.now()))))).observe(document, { childList: true, subtree: true })`

async function firstPage() {
	const v = await visitor(b)
	const cdp = await v.context.newCDPSession(v.page)
	await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 })
	const bytes = { n: 0 }
	await cdp.send("Network.enable")
	cdp.on("Network.loadingFinished", (e) => (bytes.n += e.encodedDataLength))
	await v.page.addInitScript(SEEN)
	await v.page.goto(base + "/", { waitUntil: "commit" })
	await v.page.waitForTimeout(4000)
	const ms = await v.page.evaluate(() => window.seen)
	const files = await v.page.evaluate(() => performance.getEntriesByType("resource").filter((r) => r.name.includes("/assets/")).reduce((n, r) => n + r.transferSize, 0))
	await v.context.close()
	return { ms, files }
}

/* Scrolls the list of tickets from its top to its end in three seconds and gathers the time of each frame. */
async function scrolling(v) {
	return v.page.evaluate(
		() =>
			new Promise((done) => {
				const box = document.querySelector(".window")
				const frames = []
				let last = performance.now()
				const start = last
				const step = (now) => {
					frames.push(now - last)
					last = now
					const part = (now - start) / 3000
					box.scrollTop = part * (box.scrollHeight - box.clientHeight)
					if (part < 1) requestAnimationFrame(step)
					else done(frames.slice(1))
				}
				requestAnimationFrame(step)
			}),
	)
}

/* From an event to the row on the screen. */
async function updates(v, n) {
	const times = []
	for (let i = 0; i < n; i++) {
		const title = `arrived ${i} ${Math.random().toString(36).slice(2)}`
		const since = Date.now()
		const made = await api("POST", "/api/tocsin/v1/tickets", { customer: "acme", title })
		await api("POST", `/api/tocsin/v1/tickets/${made.number}/priority`, { priority: "critical" })
		await v.page.evaluate(() => (document.querySelector(".window").scrollTop = 0))
		await v.page.locator(".ticket-row", { hasText: title }).waitFor({ timeout: 15000 })
		times.push(Date.now() - since)
		await api("POST", `/api/tocsin/v1/tickets/${made.number}/close`, { text: "" })
	}
	return times
}

const first = []
for (let i = 0; i < 5; i++) first.push(await firstPage())
const v = await visitor(b)
await v.go("/")
await v.page.locator(".ticket-row").first().waitFor()
await v.page.waitForTimeout(2000)
const frames = (await scrolling(v)).sort((x, y) => x - y)
const fresh = (await updates(v, 10)).sort((x, y) => x - y)
const tickets = await v.page.locator(".panel header .count").first().innerText()
await b.close()
const median = (l) => l[Math.floor(l.length / 2)]
console.log(JSON.stringify({ first_page_ms: Math.round(median(first.map((f) => f.ms).sort((x, y) => x - y))), first_page_bytes: first[0].files, frames: frames.length, frame_median_ms: median(frames), frame_worst_ms: frames.at(-1), update_median_ms: median(fresh), update_worst_ms: fresh.at(-1), open_tickets: tickets }))
