/*
 * lib.mjs — a browser as a test's guest: what every walk through the console needs.
 *
 * A page that logs an error, asks another host for anything or breaks a rule of WCAG AA fails the walk it is part of.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const require = createRequire(new URL("../../web/package.json", import.meta.url))
const { chromium } = require("playwright-core")
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")

export const base = process.env.TOCSIN_URL
export const given = JSON.parse(process.env.TOCSIN_GIVEN ?? "{}")
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium"

export async function browser() {
	return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"] })
}

/* A new person at the console: own cookies, language, width and theme. */
export async function visitor(b, { language = "en", width = 1440, theme = "light", expect = [], origin = base } = {}) {
	const context = await b.newContext({ viewport: { width, height: width < 800 ? 844 : 900 }, colorScheme: theme, locale: language, reducedMotion: "reduce", bypassCSP: true })
	await context.addInitScript(`localStorage.setItem("tocsin.theme", "${theme}"); localStorage.setItem("tocsin.language", "${language}")`)
	const page = await context.newPage()
	const trouble = []
	page.on("console", (m) => m.type() === "error" && !expect.some((e) => m.text().includes(e)) && trouble.push("console: " + m.text()))
	page.on("pageerror", (e) => trouble.push("error: " + e.message))
	page.on("request", (r) => !r.url().startsWith(origin) && !r.url().startsWith("data:") && !r.url().startsWith("blob:") && trouble.push("another host: " + r.url()))
	return {
		page,
		context,
		go: (path) => page.goto(origin + path),
		clean() {
			assert.deepEqual(trouble, [])
		},
		/* What breaks WCAG 2 level A or AA here. */
		async accessible(where) {
			await page.evaluate(axe + "; undefined")
			const found = await page.evaluate(async () => {
				const r = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })
				return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "")).join(" | ")}`)
			})
			assert.deepEqual(found, [], where)
		},
	}
}

export async function signIn(v, user, password) {
	await v.go("/")
	await v.page.locator("input[name=user]").fill(user)
	await v.page.locator("input[name=password]").fill(password)
	await v.page.locator("form button[type=submit]").click()
}

/* With a one-time password: chooses the next one as well. */
export async function signInFirst(v, user, oneTime, own) {
	await signIn(v, user, oneTime)
	await v.page.locator("input[name=new]").fill(own)
	await v.page.locator("form button[type=submit]").click()
	await v.page.locator(".rail, .tabs").first().waitFor({ state: "attached" })
}

export async function api(method, path, body, token = given.admin) {
	const r = await fetch(base + path, { method, headers: { ...(token ? { Authorization: "Bearer " + token } : {}), ...(body !== undefined ? { "Content-Type": "application/json" } : {}) }, body: body === undefined ? undefined : JSON.stringify(body) })
	const text = await r.text()
	if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`)
	return text ? JSON.parse(text) : null
}

export const texts = {
	en: { take: "Take in charge", close: "Close", write: "Write", progress: "In progress", closed: "Closed", open: "Open a ticket", send: "Send", again: "It happens again", customer: "To the customer", drill: "Start a drill" },
	it: { take: "Prendi in carico", close: "Chiudi", write: "Scrivi", progress: "In lavorazione", closed: "Chiusa", open: "Apri un ticket", send: "Invia", again: "Si ripresenta", customer: "Al cliente", drill: "Avvia un'esercitazione" },
	fr: { take: "Prendre en charge", close: "Clore", write: "Écrire", progress: "En cours", closed: "Clos", open: "Ouvrir un ticket", send: "Envoyer", again: "Cela se reproduit", customer: "Au client", drill: "Lancer un exercice" },
}
