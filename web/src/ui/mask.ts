/*
 * mask.ts — names that a visitor must not read (one key): the same name always becomes the same cover name, so that the
 * screen still makes sense.
 */
import { useEffect, useState } from "preact/hooks"

let on = localStorage.getItem("tocsin.mask") === "1"
const watchers = new Set<() => void>()
const known = new Map<string, number>()

export function toggleMask() {
	on = !on
	localStorage.setItem("tocsin.mask", on ? "1" : "0")
	watchers.forEach((fn) => fn())
}
export const masked = () => on

export function useMask() {
	const [, turn] = useState(0)
	useEffect(() => {
		const fn = () => turn((n) => n + 1)
		watchers.add(fn)
		return () => void watchers.delete(fn)
	}, [])
	return {
		on,
		name: (text: string, cover = "№") => {
			if (!on || !text) return text
			if (!known.has(text)) known.set(text, known.size + 1)
			return cover + " " + known.get(text)
		},
		text: (text: string) => (on ? text.replace(/[\p{L}\p{N}]/gu, "•") : text),
	}
}
