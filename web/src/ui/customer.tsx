/* customer.tsx — a customer's name as people write it. */
import { may, useGet } from "../api"
import { type Resource } from "../model"
import { t } from "../words"
import { useMask } from "./mask"

export function useTitles(): (name: string) => string {
	const all = useGet<Resource<{ title?: string }>[]>(may("operator") ? "/api/tocsin/v1/resources?kind=customer" : null)
	return (name) => all.data?.find((c) => c.name === name)?.spec.title || name
}

export function Customer({ name }: { name: string }) {
	const titleOf = useTitles()
	const mask = useMask()
	return <>{mask.name(titleOf(name), t("customer"))}</>
}
