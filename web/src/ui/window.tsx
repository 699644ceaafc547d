/*
 * window.tsx — a list of which only the rows in sight exist: thousands of tickets scroll like ten.
 *
 * All rows have one height.  Focus moves by arrow keys; the row that has it is always drawn.
 */
import { type ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"

export function WindowList<T>(p: { items: T[]; rowHeight: number; height: string; keyOf: (item: T) => string | number; label: string; row: (item: T, index: number) => ComponentChildren }) {
	const box = useRef<HTMLDivElement>(null)
	const [top, setTop] = useState(0)
	const [height, setHeight] = useState(innerHeight - 190)
	/* The observer tells the first height too, behind the layout that happens anyway. */
	useEffect(() => {
		const o = new ResizeObserver(([seen]) => setHeight(Math.round(seen.contentRect.height)))
		o.observe(box.current!)
		return () => o.disconnect()
	}, [])
	useEffect(() => {
		const el = box.current!
		let frame = 0
		const on = () => {
			frame ||= requestAnimationFrame(() => {
				frame = 0
				setTop(el.scrollTop)
			})
		}
		el.addEventListener("scroll", on, { passive: true })
		return () => el.removeEventListener("scroll", on)
	}, [])
	const first = Math.max(0, Math.floor(top / p.rowHeight) - 6)
	const last = Math.min(p.items.length, Math.ceil((top + height) / p.rowHeight) + 6)
	const slots = []
	for (let i = first; i < last; i++)
		slots.push(
			<li class="slot" key={p.keyOf(p.items[i])} style={{ top: i * p.rowHeight + "px", height: p.rowHeight + "px" }} aria-setsize={p.items.length} aria-posinset={i + 1}>
				{p.row(p.items[i], i)}
			</li>,
		)
	return (
		<div class="window" ref={box} style={{ maxHeight: p.height, height: Math.min(p.items.length * p.rowHeight, 100000) + "px" }} tabIndex={-1}>
			<ul class="spacer" aria-label={p.label} style={{ height: p.items.length * p.rowHeight + "px" }}>
				{slots}
			</ul>
		</div>
	)
}
