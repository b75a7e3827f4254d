#include "services.h"

BOOL service_text(const wchar_t *name, const wchar_t *below, const wchar_t *value, wchar_t *text, DWORD size) {
  wchar_t key[512];
  DWORD bytes = (size - 2) * sizeof *text;
  swprintf(key, COUNT(key), SERVICES L"%ls%ls", name, below);
  memset(text, 0, size * sizeof *text);
  return !RegGetValueW(HKEY_LOCAL_MACHINE, key, value, RRF_RT_REG_SZ | RRF_RT_REG_MULTI_SZ, NULL, text, &bytes);
}

DWORD service_number(const wchar_t *name, const wchar_t *value, DWORD otherwise) {
  wchar_t key[512];
  DWORD number, bytes = sizeof number;
  swprintf(key, COUNT(key), SERVICES L"%ls", name);
  return RegGetValueW(HKEY_LOCAL_MACHINE, key, value, RRF_RT_REG_DWORD, NULL, &number, &bytes) ? otherwise : number;
}

DWORD service_pid(const wchar_t *name) {
  WIN32_FIND_DATAW found;
  wchar_t path[MAX_PATH], wanted[300];
  DWORD pid = 0;
  swprintf(wanted, COUNT(wanted), L"service %ls", name);
  HANDLE search = FindFirstFileW(RIG L"live\\*.txt", &found);
  for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
    swprintf(path, MAX_PATH, RIG L"live\\%ls", found.cFileName);
    wchar_t *text = rig_text(path), *at = text, *line = rig_line(&at);
    if (line && !wcsicmp(line, wanted)) pid = wcstoul(found.cFileName, NULL, 10);
    free(text);
  }
  return pid;
}

BOOL service_start(const wchar_t *name) {
  wchar_t image[MAX_PATH] = L"", line[MAX_PATH + 300];
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  if (service_pid(name) || !service_text(name, L"", L"ImagePath", image, COUNT(image))) return FALSE;
  /* Windows tells a service its name through its control manager; here it is a word. */
  swprintf(line, COUNT(line), *image == L'"' ? L"%ls --rig-service \"%ls\"" : L"\"%ls\" --rig-service \"%ls\"", image, name);
  if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, L"C:\\windows\\system32", &start, &process)) return FALSE;
  for (int i = 0; i < 500 && !service_pid(name); i++) Sleep(10);
  return service_pid(name) != 0;
}

BOOL service_stop(const wchar_t *name) {
  wchar_t event[64];
  DWORD pid = service_pid(name);
  if (!pid) return FALSE;
  swprintf(event, COUNT(event), L"Local\\rig-stop-%lu", pid);
  HANDLE stop = OpenEventW(EVENT_MODIFY_STATE, FALSE, event);
  if (stop) SetEvent(stop);
  for (int i = 0; i < 500 && service_pid(name); i++) Sleep(10);
  return !service_pid(name);
}
