/*
 * nssm.exe, and a renamed WinSW.exe beside its .xml: what Ollama runs under as a service. facts/windows.md 8. Both start
 * the program with the machine's variables and their own, never the user's, and again when it ends. nssm can also be
 * asked on its command line (get, set, reset, start, stop, restart).
 */
#include "services.h"

#define PARAMETERS L"\\Parameters"

static wchar_t program[1024], arguments[1024], folder[MAX_PATH];

static void set_variable(wchar_t *pair) {
  wchar_t *sign = wcschr(pair, L'=');
  if (!sign) return;
  *sign = 0;
  SetEnvironmentVariableW(pair, sign + 1);
}

/* A service has nothing of the user's variables. */
static void machine_environment(void) {
  wchar_t name[256], value[2048];
  HKEY key;
  wchar_t *block = GetEnvironmentStringsW();
  for (wchar_t *each = block; *each; each += wcslen(each) + 1)
    if (!wcsnicmp(each, L"OLLAMA_", 7) && wcslen(each) < COUNT(name)) {
      wcscpy(name, each);
      *wcschr(name, L'=') = 0;
      SetEnvironmentVariableW(name, NULL);
    }
  RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"System\\CurrentControlSet\\Control\\Session Manager\\Environment", 0, KEY_READ, &key);
  for (DWORD i = 0, size = COUNT(name), bytes = sizeof value - 2, type;
       !RegEnumValueW(key, i, name, &size, NULL, &type, (BYTE *)value, &bytes); i++, size = COUNT(name), bytes = sizeof value - 2) {
    value[bytes / 2] = 0;
    if (!wcsnicmp(name, L"OLLAMA_", 7)) SetEnvironmentVariableW(name, value);
  }
  SetEnvironmentVariableW(L"USERPROFILE", L"C:\\windows\\system32\\config\\systemprofile");
}

static BOOL nssm(const wchar_t *name) {
  static wchar_t extra[8192];
  if (!service_text(name, PARAMETERS, L"Application", program, COUNT(program))) return FALSE;
  service_text(name, PARAMETERS, L"AppParameters", arguments, COUNT(arguments));
  service_text(name, PARAMETERS, L"AppDirectory", folder, COUNT(folder));
  service_text(name, PARAMETERS, L"AppEnvironmentExtra", extra, COUNT(extra));
  for (wchar_t *each = extra, *next; *each; each = next) next = each + wcslen(each) + 1, set_variable(each);
  return TRUE;
}

static void element(wchar_t *text, const wchar_t *open, wchar_t *value, size_t size) {
  wchar_t *at = wcsstr(text, open);
  if (!at) return;
  at += wcslen(open);
  size_t length = min(wcscspn(at, L"<"), size - 1);
  wcsncpy(value, at, length);
  value[length] = 0;
}

static BOOL winsw(void) {
  wchar_t path[MAX_PATH], name[256], value[1024], pair[1300];
  GetModuleFileNameW(NULL, path, MAX_PATH);
  wcscpy(wcsrchr(path, L'.'), L".xml");
  wchar_t *text = rig_text(path);
  if (!text) return FALSE;
  element(text, L"<executable>", program, COUNT(program));
  element(text, L"<arguments>", arguments, COUNT(arguments));
  element(text, L"<workingdirectory>", folder, COUNT(folder));
  for (wchar_t *at = text; (at = wcsstr(at, L"<env ")); at++) {
    wchar_t *first = wcsstr(at, L"name=\""), *second = wcsstr(at, L"value=\"");
    if (!first || !second) continue;
    swscanf(first + 6, L"%255l[^\"]", name);
    *value = 0;
    swscanf(second + 7, L"%1023l[^\"]", value);
    swprintf(pair, COUNT(pair), L"%ls=%ls", name, value);
    set_variable(pair);
  }
  return TRUE;
}

static int host(const wchar_t *name) {
  wchar_t text[300], line[2100];
  machine_environment();
  if (!winsw() && !nssm(name)) return 1;
  swprintf(text, COUNT(text), L"service %ls\n", name);
  rig_live(text);
  swprintf(text, COUNT(text), L"Local\\rig-stop-%lu", GetCurrentProcessId());
  HANDLE events[2] = {CreateEventW(NULL, TRUE, FALSE, text), NULL};
  for (;;) {
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    swprintf(line, COUNT(line), L"\"%ls\" %ls", program, arguments);
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, *folder ? folder : NULL, &start, &process)) return 1;
    events[1] = process.hProcess;
    if (WaitForMultipleObjects(2, events, FALSE, INFINITE) == WAIT_OBJECT_0) {
      TerminateProcess(process.hProcess, 0);
      WaitForSingleObject(process.hProcess, 2000);
      return 0;
    }
    Sleep(rig_number(L"restart-delay", 1500));
  }
}

static DWORD WINAPI control(DWORD what, DWORD type, void *data, void *context) {
  (void)what, (void)type, (void)data, (void)context;
  return NO_ERROR;
}

/* At the start of the machine it is Wine's own service manager that starts the program, without words. */
static void WINAPI managed(DWORD count, wchar_t **words) {
  SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = SERVICE_RUNNING};
  SERVICE_STATUS_HANDLE handle = RegisterServiceCtrlHandlerExW(count ? words[0] : L"", control, NULL);
  SetServiceStatus(handle, &status);
  if (count) host(words[0]);
  status.dwCurrentState = SERVICE_STOPPED;
  SetServiceStatus(handle, &status);
}

static int change(wchar_t *name, const wchar_t *value, int count, wchar_t **words) {
  static wchar_t text[8192];
  wchar_t key[512];
  HKEY handle;
  DWORD size = 0;
  for (int i = 0; i < count; i++) wcscpy(text + size, words[i]), size += wcslen(words[i]) + 1;
  swprintf(key, COUNT(key), SERVICES L"%ls" PARAMETERS, name);
  if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_ALL_ACCESS, &handle)) return 3;
  if (!count) return RegDeleteValueW(handle, value) != 0;
  return RegSetValueExW(handle, value, 0, wcsstr(value, L"Environment") ? REG_MULTI_SZ : REG_SZ, (BYTE *)text, (size + 1) * sizeof *text) != 0;
}

int wmain(int count, wchar_t **words) {
  if (count > 2 && !wcscmp(words[1], L"--rig-service")) return host(words[2]);
  SERVICE_TABLE_ENTRYW table[] = {{L"", managed}, {NULL, NULL}};
  if (count == 1 && StartServiceCtrlDispatcherW(table)) return 0;
  rig_record_call();
  if (count < 3) return 1;
  static wchar_t text[8192];
  if (!wcsicmp(words[1], L"get") && count > 3) {
    /* nssm writes UTF-16. */
    DWORD written;
    if (!service_text(words[2], PARAMETERS, words[3], text, COUNT(text))) return 3;
    for (wchar_t *each = text; *each; each += wcslen(each) + 1) {
      WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), each, wcslen(each) * sizeof *each, &written, NULL);
      WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), L"\r\n", 2 * sizeof *each, &written, NULL);
    }
    return 0;
  }
  if (!rig_switch(L"elevated", NULL, 0)) {
    rig_error(L"Administrator access is needed to manage services.\r\n");
    return 5;
  }
  if (!wcsicmp(words[1], L"set") && count > 4) return change(words[2], words[3], count - 4, words + 4);
  if (!wcsicmp(words[1], L"reset") && count > 3) return change(words[2], words[3], 0, NULL);
  if (!wcsicmp(words[1], L"stop")) return !service_stop(words[2]);
  if (!wcsicmp(words[1], L"start")) return !service_start(words[2]);
  if (!wcsicmp(words[1], L"restart")) return (service_stop(words[2]), !service_start(words[2]));
  return 1;
}
