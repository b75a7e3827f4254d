/* sc.exe: query, queryex, qc, start, stop. Texts and exit codes as Windows has them; Wine's own knows no query. */
#include "services.h"

static int fail(const wchar_t *what, int code) {
  const wchar_t *why = code == 5 ? rig_say(L"Access is denied.", L"Zugriff verweigert", L"アクセスが拒否されました。")
                       : code == 1060 ? rig_say(L"The specified service does not exist as an installed service.", L"Der angegebene Dienst ist kein installierter Dienst.", L"指定されたサービスはインストールされたサービスとして存在しません。")
                       : code == 1056 ? rig_say(L"An instance of the service is already running.", L"Es wird bereits eine Instanz des Dienstes ausgeführt.", L"サービスのインスタンスは既に実行されています。")
                                      : rig_say(L"The service has not been started.", L"Der Dienst wurde nicht gestartet.", L"サービスは開始されていません。");
  rig_print(L"[SC] %ls FAILED %d:\r\n\r\n%ls\r\n\r\n", what, code, why);
  return code;
}

static void state(const wchar_t *name, BOOL process) {
  DWORD pid = service_pid(name);
  rig_print(L"\r\nSERVICE_NAME: %ls \r\n        TYPE               : %lx  WIN32_OWN_PROCESS  \r\n", name, service_number(name, L"Type", 16));
  rig_print(pid ? L"        STATE              : 4  RUNNING \r\n                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)\r\n"
                : L"        STATE              : 1  STOPPED \r\n");
  rig_print(L"        WIN32_EXIT_CODE    : 0  (0x0)\r\n        SERVICE_EXIT_CODE  : 0  (0x0)\r\n        CHECKPOINT         : 0x0\r\n        WAIT_HINT          : 0x0\r\n");
  if (process) rig_print(L"        PID                : %lu\r\n        FLAGS              : \r\n", pid);
}

static void configuration(const wchar_t *name) {
  static const wchar_t *starts[] = {L"BOOT_START", L"SYSTEM_START", L"AUTO_START", L"DEMAND_START", L"DISABLED"};
  wchar_t image[1024], display[256], account[256];
  DWORD start = service_number(name, L"Start", 3);
  if (!service_text(name, L"", L"ImagePath", image, COUNT(image))) *image = 0;
  if (!service_text(name, L"", L"DisplayName", display, COUNT(display))) wcscpy(display, name);
  if (!service_text(name, L"", L"ObjectName", account, COUNT(account))) wcscpy(account, L"LocalSystem");
  rig_print(L"[SC] QueryServiceConfig SUCCESS\r\n\r\nSERVICE_NAME: %ls\r\n        TYPE               : %lx  WIN32_OWN_PROCESS \r\n", name, service_number(name, L"Type", 16));
  rig_print(L"        START_TYPE         : %lu   %ls\r\n        ERROR_CONTROL      : 1   NORMAL\r\n        BINARY_PATH_NAME   : %ls\r\n", start, starts[min(start, 4)], image);
  rig_print(L"        LOAD_ORDER_GROUP   : \r\n        TAG                : 0\r\n        DISPLAY_NAME       : %ls\r\n        DEPENDENCIES       : \r\n        SERVICE_START_NAME : %ls\r\n", display, account);
}

/* Without a name: those that run, or with "state= all" every one. */
static int list(BOOL process, BOOL all) {
  HKEY key;
  wchar_t name[256];
  RegOpenKeyExW(HKEY_LOCAL_MACHINE, SERVICES, 0, KEY_READ, &key);
  for (DWORD i = 0, size = COUNT(name); !RegEnumKeyExW(key, i, name, &size, NULL, NULL, NULL, NULL); i++, size = COUNT(name))
    if ((service_number(name, L"Type", 0) & 0x30) && (all || service_pid(name))) state(name, process);
  return 0;
}

int wmain(int count, wchar_t **words) {
  rig_record_call();
  rig_answer(L"sc", count, words);
  const wchar_t *verb = count > 1 ? words[1] : L"", *name = count > 2 ? words[2] : NULL;
  BOOL all = FALSE, named = name && name[wcslen(name) - 1] != L'=', query = !wcsnicmp(verb, L"query", 5);
  wchar_t image[1024];
  for (int i = 2; i < count; i++) all = all || !wcsicmp(words[i], L"all");
  if (query && !named) return list(!wcsicmp(verb, L"queryex"), all);
  BOOL known = named && service_text(name, L"", L"ImagePath", image, COUNT(image));
  if (!known) return fail(query ? L"EnumQueryServicesStatus:OpenService" : L"OpenService", 1060);
  if (query) state(name, !wcsicmp(verb, L"queryex"));
  else if (!wcsicmp(verb, L"qc")) configuration(name);
  else if (!rig_switch(L"elevated", NULL, 0)) return fail(L"OpenService", 5);
  else if (!wcsicmp(verb, L"start")) {
    if (!service_start(name)) return fail(L"StartService", 1056);
    state(name, TRUE);
  } else if (!wcsicmp(verb, L"stop")) {
    if (!service_stop(name)) return fail(L"ControlService", 1062);
    state(name, FALSE);
  } else {
    rig_error(L"rig: no answer was recorded for %ls\r\n", GetCommandLineW());
    return 1;
  }
  return 0;
}
