/*
 * "ollama app.exe", the tray app: its window, its single instance, its end. facts/windows.md 3.5, 3.6, 3.9. Switches:
 * ignore-close (stays when asked to quit), slow-stop (milliseconds), no-window (cannot be asked at all).
 */
#include "app.h"

void app_log(const wchar_t *format, ...) {
  static wchar_t text[4096], line[4200], path[MAX_PATH];
  va_list values;
  va_start(values, format);
  vsnwprintf(text, COUNT(text), format, values);
  va_end(values);
  swprintf(line, COUNT(line), L"time=2026-08-21T10:00:00.000+02:00 level=INFO msg=\"%ls\" pid=%lu\n", text, GetCurrentProcessId());
  swprintf(path, MAX_PATH, L"%ls\\app.log", app_home());
  char *bytes = rig_utf8(line);
  rig_append(path, bytes, strlen(bytes));
  free(bytes);
}

const wchar_t *app_home(void) {
  static wchar_t home[MAX_PATH];
  if (!*home) {
    GetEnvironmentVariableW(L"LOCALAPPDATA", home, MAX_PATH - 16);
    wcscat(home, L"\\Ollama");
    CreateDirectoryW(home, NULL);
  }
  return home;
}

static LRESULT CALLBACK handle(HWND window, UINT message, WPARAM first, LPARAM second) {
  if (message == WM_CLOSE) {
    app_log(L"WM_CLOSE");
    if (!rig_switch(L"ignore-close", NULL, 0)) DestroyWindow(window);
    return 0;
  }
  if (message == WM_DESTROY) PostQuitMessage(0);
  /* The real app has no handler for this (3.1); the log lets a test see that the change was announced. */
  if (message == WM_SETTINGCHANGE && second) app_log(L"WM_SETTINGCHANGE %ls", (wchar_t *)second);
  return DefWindowProcW(window, message, first, second);
}

/*
 * Whether the link in the Startup folder started it, which hides it (facts 2). Windows tells by the title, Wine does not:
 * the rig marks the environment of a logon. The mark goes, and what Wine brings there from the Unix side.
 */
static BOOL at_logon(void) {
  static const wchar_t *foreign[] = {L"RIG_LOGON", L"HOME", L"USER", L"LOGNAME", L"LC_ALL", L"WINESERVER"};
  BOOL marked = GetEnvironmentVariableW(foreign[0], NULL, 0) > 0;
  for (size_t i = 0; i < COUNT(foreign) && marked; i++) SetEnvironmentVariableW(foreign[i], NULL);
  return marked;
}

static BOOL hidden_by(const wchar_t *line) { return wcsstr(line, L"--hide") || wcsstr(line, L"hidden") || wcsstr(line, L"-j"); }

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, wchar_t *line, int show) {
  WNDCLASSW class = {.lpfnWndProc = handle, .hInstance = instance, .lpszClassName = L"OllamaClass"};
  (void)previous, (void)show;
  BOOL quiet = at_logon() || hidden_by(line);
  rig_record_start();
  app_log(L"starting Ollama args=%ls", line);
  if (FindWindowW(L"OllamaClass", NULL)) {
    app_log(L"existing instance found, exiting");
    return 0;
  }
  if (!rig_switch(L"no-window", NULL, 0)) {
    RegisterClassW(&class);
    if (!CreateWindowW(L"OllamaClass", L"", WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, NULL, NULL, instance, NULL))
      app_log(L"no window: error %lu", GetLastError());
  }
  app_log(quiet ? L"hidden" : L"shows its window");
  rig_live(quiet ? L"app hidden\n" : L"app shown\n");
  if (!rig_switch(L"no-server", NULL, 0)) CloseHandle(CreateThread(NULL, 0, app_run_server, NULL, 0, NULL));
  MSG message;
  while (GetMessageW(&message, NULL, 0, 0) > 0) {
    TranslateMessage(&message);
    DispatchMessageW(&message);
  }
  Sleep(rig_number(L"slow-stop", 0));
  app_stop_server();
  app_log(L"exit");
  return 0;
}
