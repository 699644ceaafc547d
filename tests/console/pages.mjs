/*
 * pages.mjs — every page, dark and light, at both widths: no error, nothing from another host, WCAG AA, nothing that shifts; and
 * its picture, for people to look at.
 */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { browser, visitor } from "./lib.mjs"

const out = process.env.TOCSIN_SHOTS
if (out) mkdirSync(out, { recursive: true })
const pages = {
	board: "/", tickets: "/tickets", ticket: "/ticket/1", alerts: "/alerts", silences: "/alerts?view=silences", explore: "/explore?q=sum%20by%20(job)%20(up)%20or%20vector(time()%20%25%20300)", periods: "/explore?view=periods&q=%7B__name__%3D~%22.%2B%22%7D", rules: "/rules", oncall: "/oncall", estate: "/estate?view=all", growth: "/growth", "growth-label": "/growth?label=host",
	customers: "/customers", customer: "/customers/alba-air", users: "/admin?view=user", channels: "/admin?view=channels", drills: "/admin?view=drills", audit: "/admin?view=audit", setup: "/setup", examples: "/examples", missing: "/nowhere",
}
const b = await browser()
const todo = []
for (const theme of ["light", "dark"])
	for (const width of [1440, 390])
		for (const [name, path] of Object.entries(pages)) todo.push({ theme, width, name, path })
const wanted = process.env.TOCSIN_PAGES?.split(",")
const all = todo.filter((x) => !wanted || wanted.includes(x.name))
const n = all.length

async function look({ theme, width, name, path }) {
	const v = await visitor(b, { theme, width })
	await v.page.addInitScript(() => {
		window.shifted = 0
		new PerformanceObserver((l) => l.getEntries().forEach((e) => !e.hadRecentInput && (window.shifted += e.value))).observe({ type: "layout-shift", buffered: true })
	})
	await v.go(path)
	await v.page.locator("h1").first().waitFor()
	await v.page.waitForFunction(() => !document.querySelector("[aria-busy=true]") || location.pathname === "/examples")
	await v.page.waitForTimeout(150)
	if (out) await v.page.screenshot({ path: `${out}/${name}-${theme}-${width}.png` })
	await v.accessible(`${name}, ${theme}, ${width}`)
	const wide = await v.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
	assert.ok(wide <= 0, `${name} at ${width} is ${wide} px too wide`)
	const shifted = await v.page.evaluate(() => window.shifted)
	assert.ok(shifted < 0.1, `${name}, ${theme}, ${width} shifts by ${shifted}`)
	v.clean()
	await v.context.close()
}

/* Three at a time. */
await Promise.all([0, 1, 2].map(async () => {
	while (all.length) await look(all.shift())
}))
await b.close()
console.log(`${n} pages`)
