/* The parts of the tray app's stand-in. */
#ifndef APP_H
#define APP_H

#include "rig.h"

/** The folder of the app's logs and state, %LOCALAPPDATA%\Ollama (made when missing). */
const wchar_t *app_home(void);
/** Writes a line to app.log. */
void app_log(const wchar_t *format, ...);
/** Starts the server, and again whenever it ends. */
DWORD WINAPI app_run_server(void *unused);
/** Ends the server, politely first. */
void app_stop_server(void);
/** Finds ollama.exe as the app does; FALSE when it cannot. */
BOOL app_find_ollama(wchar_t *path);
/** The column `expose` of the app's settings, freshly read. */
BOOL app_exposed(void);

#endif
