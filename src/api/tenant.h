/* tenant.h — whose samples a request reads or writes: DESIGN of tenants, in one place. */
#ifndef API_TENANT_H
#define API_TENANT_H

#include "api/api_impl.h"

/* Answers the error itself and gives false: 403 for an unknown or foreign tenant, 400 for `a|b` on a write. */
bool tenant_read(struct call *, struct strs *out);
bool tenant_write(struct call *, struct str *out);

#endif
