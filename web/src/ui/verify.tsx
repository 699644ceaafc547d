/* verify.tsx — proving that a person's phone or mail is theirs. */
import { useState } from "preact/hooks"
import { post } from "../api"
import { type Resource } from "../model"
import { t, type Word } from "../words"
import { FormDialog, SelectField, TextField } from "./basics"

/* Proves that a person's phone or mail is theirs: a code goes there and comes back. */
export function Verify({ of, onClose }: { of: Resource; onClose: () => void }) {
	const spec = of.spec as { mail?: string; phone?: string; verified?: string[] }
	const ways = ([["call", spec.phone], ["sms", spec.phone], ["mail", spec.mail]] as [string, string | undefined][]).filter(([, to]) => to)
	const [by, setBy] = useState(ways[0]?.[0] ?? "")
	const [sent, setSent] = useState(false)
	const [code, setCode] = useState("")
	const path = `/api/tocsin/v1/users/${encodeURIComponent(of.name)}/verify`
	return (
		<FormDialog
			title={t("verify_of", { user: of.name })}
			done={sent ? t("confirm") : t("send_code")}
			ready={!!by && (!sent || code.trim().length >= 6)}
			onClose={onClose}
			onSend={async () => {
				if (sent) return post(path + "/confirm", { code: code.trim() })
				await post(path, { by })
				setSent(true)
				return true
			}}
			stays={!sent}
		>
			{!ways.length && <p>{t("nothing_to_verify")}</p>}
			{ways.length > 0 && !sent && <SelectField label={t("verify_by")} value={by} onInput={setBy} options={ways.map(([w, to]): [string, string] => [w, `${t(("channel_" + w) as Word)}: ${to}`])} hint={t("verify_hint")} />}
			{sent && <TextField label={t("code")} hint={t("code_hint")} value={code} onInput={setCode} autocomplete="one-time-code" autofocus />}
		</FormDialog>
	)
}
