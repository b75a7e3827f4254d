/* Services of a machine: their keys are in the registry, who runs is told by the files that hosts hold open. */
#ifndef SERVICES_H
#define SERVICES_H

#include "rig.h"

#define SERVICES L"System\\CurrentControlSet\\Services\\"

/** A text of a service's key (or of a key below it); FALSE when there is none. REG_MULTI_SZ keeps its zeros. */
BOOL service_text(const wchar_t *name, const wchar_t *below, const wchar_t *value, wchar_t *text, DWORD size);
DWORD service_number(const wchar_t *name, const wchar_t *value, DWORD otherwise);
/** The process of a service that runs, or 0. */
DWORD service_pid(const wchar_t *name);
/** Starts a service's program without waiting, or asks it to end and waits; FALSE when that cannot be. */
BOOL service_start(const wchar_t *name);
BOOL service_stop(const wchar_t *name);

#endif
