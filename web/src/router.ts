/*
 * router.ts — which page is shown: the path and its parameters, as state.
 *
 * Links are ordinary <a href>; a click on one of our own paths is taken here, so that nothing is loaded anew.
 */
import { useEffect, useState } from "preact/hooks"

export interface Place {
	parts: string[]
	query: URLSearchParams
}

const listeners = new Set<() => void>()

export function place(): Place {
	return { parts: location.pathname.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(location.search) }
}

export function go(path: string, replace = false) {
	if (path === location.pathname + location.search) return
	history[replace ? "replaceState" : "pushState"](null, "", path)
	if (!replace) scrollTo(0, 0)
	for (const fn of [...listeners]) fn()
}

/* Changes one parameter of the present page; empty removes it. */
export function setQuery(name: string, value: string) {
	const q = new URLSearchParams(location.search)
	if (value) q.set(name, value)
	else q.delete(name)
	const text = q.toString()
	go(location.pathname + (text ? "?" + text : ""), true)
}

export function usePlace(): Place {
	const [, turn] = useState(0)
	useEffect(() => {
		const fn = () => turn((n) => n + 1)
		listeners.add(fn)
		return () => void listeners.delete(fn)
	}, [])
	return place()
}

export function startRouter() {
	addEventListener("popstate", () => listeners.forEach((fn) => fn()))
	document.addEventListener("click", (ev) => {
		if (ev.defaultPrevented || ev.button || ev.metaKey || ev.ctrlKey || ev.shiftKey) return
		const a = (ev.target as Element).closest?.("a[href]") as HTMLAnchorElement | null
		if (!a || a.target || a.origin !== location.origin || a.hasAttribute("download") || /^\/(api|text|metrics)/.test(a.pathname)) return
		ev.preventDefault()
		go(a.pathname + a.search)
	})
}
