/*
 * ring.tsx — the browser as a phone: a page of mine over everything, a ring that can be heard, "press 1".
 *
 * What rings is what the daemon says is being tried for me; an event only makes it look again, so a page that began
 * while nobody looked rings as well, and one that was taken elsewhere falls silent.
 */
import { useEffect, useState } from "preact/hooks"
import { may, post, useGet, whoAmI } from "../api"
import { clockTime } from "../format"
import { type Page } from "../model"
import { t } from "../words"
import { attempt, Priority, useTick } from "./basics"
import { Customer } from "./customer"
import { useMask } from "./mask"

let audio: AudioContext | null = null

/* Two tones, twice a second apart: like a phone, and short. */
function ringOnce() {
	try {
		audio ??= new AudioContext()
		for (const [at, hz] of [[0, 880], [0.18, 660], [0.5, 880], [0.68, 660]]) {
			const o = audio.createOscillator()
			const g = audio.createGain()
			o.frequency.value = hz
			g.gain.setValueAtTime(0, audio.currentTime + at)
			g.gain.linearRampToValueAtTime(0.12, audio.currentTime + at + 0.02)
			g.gain.linearRampToValueAtTime(0, audio.currentTime + at + 0.16)
			o.connect(g).connect(audio.destination)
			o.start(audio.currentTime + at)
			o.stop(audio.currentTime + at + 0.17)
		}
	} catch {
		/* no sound allowed before the first click: the banner still shows */
	}
}

export const typing = (ev: KeyboardEvent) => /^(INPUT|TEXTAREA|SELECT)$/.test((ev.target as Element).tagName) || !!(ev.target as HTMLElement).isContentEditable

function One({ page, first }: { page: Page; first: boolean }) {
	const mask = useMask()
	const [busy, setBusy] = useState(false)
	const answer = async (what: "take" | "pass") => {
		if (busy) return
		setBusy(true)
		await attempt(() => post(`/api/tocsin/v1/pages/${page.id}/${what}`), what === "take" ? t("taken_by_you", { n: page.ticket }) : t("passed_on"))
		setBusy(false)
	}
	useEffect(() => {
		if (!first) return
		const on = (ev: KeyboardEvent) => {
			if (typing(ev) || ev.ctrlKey || ev.metaKey || ev.altKey || document.querySelector("dialog[open]")) return
			if (ev.key === "1") void answer("take")
			else if (ev.key === "2") void answer("pass")
			else return
			ev.preventDefault()
		}
		addEventListener("keydown", on)
		return () => removeEventListener("keydown", on)
	})
	return (
		<div class="stack tight">
			<div class="who">
				{t("calls_for", { user: mask.name(page.user, "P") })} · {clockTime(page.sent)} · {mask.text(page.why)}
			</div>
			<div class="row flow">
				<a class="what" href={`/ticket/${page.ticket}`} style={{ color: "inherit" }}>
					{t("ticket_n", { n: page.ticket })} <Customer name={page.customer} />: {mask.text(page.title)}
				</a>
				<Priority of={page.priority} />
			</div>
			<div class="row flow">
				<button class="button" disabled={busy} onClick={() => void answer("take")}>
					{first && <kbd aria-hidden="true">1</kbd>}
					{t("take_in_charge")}
				</button>
				<button class="button second" disabled={busy} onClick={() => void answer("pass")}>
					{first && <kbd aria-hidden="true">2</kbd>}
					{t("pass_on")}
				</button>
			</div>
		</div>
	)
}

export function Ringing() {
	const pages = useGet<Page[]>(may("operator") ? "/api/tocsin/v1/pages" : null)
	const mine = (pages.data ?? []).filter((p) => p.state === "trying" && (whoAmI()?.no_auth || p.user === whoAmI()?.user))
	const loud = mine.length > 0
	useTick(loud ? 1000 : 60_000)
	useEffect(() => {
		if (!loud) return
		const title = document.title
		let n = 0
		ringOnce()
		const id = setInterval(() => {
			if (n++ % 4 === 0) ringOnce()
			document.title = n % 2 ? "☎ " + t("rings") : title
		}, 1000)
		if ("Notification" in window && Notification.permission === "granted" && document.hidden) new Notification(t("rings"), { body: mine[0].why, tag: mine[0].id })
		return () => {
			clearInterval(id)
			document.title = title
		}
	}, [loud])
	if (!loud) return null
	return (
		<section class="ringing" role="alert" aria-label={t("rings")}>
			{mine.slice(0, 3).map((p, i) => (
				<One page={p} first={i === 0} key={p.id} />
			))}
			{mine.length > 3 && <span class="who">{t("and_more", { n: mine.length - 3 })}</span>}
		</section>
	)
}
