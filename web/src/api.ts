/*
 * api.ts — asking the daemon: one way to read (cached, shared, told when it is old), one way to change.
 *
 * A failed answer is a Trouble whose text is the daemon's own sentence.  When the session has ended nothing is thrown
 * away: the page stays, a dialog asks to sign in again, and what was being sent is sent then.
 */
import { useEffect, useRef, useState } from "preact/hooks"

export class Trouble extends Error {
	constructor(
		readonly status: number,
		text: string,
	) {
		super(text)
	}
}

export interface Me {
	user: string
	role: "none" | "contact" | "viewer" | "operator" | "admin"
	customers: string[]
	csrf?: string
	no_auth?: boolean
}

let me: Me | null = null
let skew = 0 /* the daemon's clock less ours, in ms */
let askToSignIn: (() => Promise<void>) | null = null

export const whoAmI = () => me
export const setMe = (m: Me | null) => void (me = m)
export const setSignIn = (fn: () => Promise<void>) => void (askToSignIn = fn)
/* The daemon's time: the browser's own clock may be wrong. */
export const now = () => Date.now() + skew
export const clockIsWrong = () => Math.abs(skew) > 90_000

const rank = { none: 0, contact: 1, viewer: 2, operator: 3, admin: 4 }
export const may = (role: keyof typeof rank) => !!me && rank[me.role] >= rank[role]

function learnClock(r: Response, sent: number) {
	const date = Date.parse(r.headers.get("Date") ?? "")
	const took = Date.now() - sent
	if (!isNaN(date) && took < 2000) {
		const s = date + 500 - (sent + took / 2)
		skew = Math.abs(s) < 1500 ? 0 : s
	}
}

async function sentence(r: Response): Promise<string> {
	const text = await r.text()
	try {
		const j = JSON.parse(text)
		return typeof j === "string" ? j : (j.error ?? text)
	} catch {
		return text || r.statusText
	}
}

/* The same question about another customer's samples: said behind a #, so that answers are kept apart by it. */
export const of = (path: string, customer?: string) => (customer ? path + "#" + encodeURIComponent(customer) : path)

export async function ask<T>(method: string, path: string, body?: unknown, again = true): Promise<T> {
	const headers: Record<string, string> = {}
	const scope = path.split("#")[1]
	if (scope) headers["X-Scope-OrgID"] = decodeURIComponent(scope)
	if (me?.csrf && method !== "GET") headers["X-CSRF-Token"] = me.csrf
	if (body !== undefined) headers["Content-Type"] = typeof body === "string" ? "application/yaml" : "application/json"
	const sent = Date.now()
	let r: Response
	try {
		r = await fetch(path, { method, headers, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body), credentials: "same-origin" })
	} catch {
		throw new Trouble(0, "")
	}
	learnClock(r, sent)
	if (r.status === 401 && again && askToSignIn) {
		await askToSignIn()
		return ask(method, path, body, false)
	}
	if (!r.ok) {
		const said = await sentence(r)
		if (r.status === 403 && again && said.includes("X-CSRF-Token")) {
			/* another tab has signed in anew: the cookie is a new one */
			setMe(await ask<Me>("GET", "/api/tocsin/v1/me", undefined, false))
			return ask(method, path, body, false)
		}
		throw new Trouble(r.status, said)
	}
	const text = await r.text()
	return (text ? JSON.parse(text) : null) as T
}

export const get = <T>(path: string) => ask<T>("GET", path)
export const post = <T>(path: string, body: unknown = {}) => ask<T>("POST", path, body)

/* ---- shared answers ---- */

export interface Answer<T> {
	data?: T
	trouble?: Trouble
	loading: boolean
}

interface Entry {
	answer: Answer<unknown>
	listeners: Set<() => void>
	stale: boolean
	under: boolean
	last: number
	took: number
	timer: number
}

const entries = new Map<string, Entry>()
const PAUSE = 400 /* the shortest time between two questions of the same kind */
const SHARE = 5 /* what takes long is asked seldom: at most a fifth of the time is spent on it */

function entry(path: string): Entry {
	let e = entries.get(path)
	if (!e) entries.set(path, (e = { answer: { loading: true }, listeners: new Set(), stale: true, under: false, last: 0, took: 0, timer: 0 }))
	return e
}

async function load(path: string, e: Entry) {
	if (e.under) return
	e.under = true
	e.stale = false
	e.last = Date.now()
	try {
		e.answer = { data: await get(path), loading: false }
	} catch (t) {
		e.answer = { data: e.answer.data, trouble: t as Trouble, loading: false }
	}
	e.under = false
	e.took = Date.now() - e.last
	e.listeners.forEach((fn) => fn())
	if (e.stale && e.listeners.size) later(path, e)
}

function later(path: string, e: Entry) {
	if (e.timer) return
	e.timer = window.setTimeout(
		() => {
			e.timer = 0
			void load(path, e)
		},
		Math.max(0, Math.max(PAUSE, SHARE * e.took) - (Date.now() - e.last)),
	)
}

/* Asks ahead of who will show it; done when the answer is there. */
export async function prefetch(path: string) {
	const e = entry(path)
	if (e.stale) await load(path, e)
}

/* What stands at `path`, shared by all who ask and refreshed when it is invalidated. null: ask nothing. */
export function useGet<T>(path: string | null): Answer<T> & { again: () => void } {
	const [, turn] = useState(0)
	const shown = useRef<unknown>(null)
	useEffect(() => {
		if (!path) return
		const e = entry(path)
		const fn = () => turn((n) => n + 1)
		e.listeners.add(fn)
		if (e.answer !== shown.current) fn() /* it came between the drawing and here */
		if (e.stale) void load(path, e)
		return () => {
			e.listeners.delete(fn)
			if (!e.listeners.size) e.stale = true
		}
	}, [path])
	const e = path ? entry(path) : null
	shown.current = e?.answer
	return { ...((e?.answer ?? { loading: false }) as Answer<T>), again: () => e && path && void load(path, e) }
}

/*
 * Shows what a change will bring before it is done; when it is refused, what was there comes back and the caller hears why.
 */
export async function hopefully<T>(path: string, change: (data: T) => T, send: () => Promise<unknown>) {
	const e = entries.get(path)
	const before = e?.answer
	if (e?.answer.data !== undefined) {
		e.answer = { ...e.answer, data: change(e.answer.data as T) }
		e.listeners.forEach((fn) => fn())
	}
	try {
		await send()
	} catch (t) {
		if (e && before) e.answer = before
		throw t
	} finally {
		if (e) {
			e.stale = true
			later(path, e)
		}
		e?.listeners.forEach((fn) => fn())
	}
}

/* Everything whose path begins so is old now. */
export function invalidate(...prefixes: string[]) {
	for (const [path, e] of entries) {
		if (!prefixes.some((p) => path.startsWith(p))) continue
		e.stale = true
		if (!e.listeners.size) entries.delete(path)
		else if (!e.under) later(path, e)
	}
}

export function forgetAll() {
	for (const [path, e] of entries) if (!e.listeners.size) entries.delete(path)
	invalidate("/")
}
