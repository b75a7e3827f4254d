/*
 * The app's settings are a real SQLite file. Reading it is left to SQLite itself: Wine can start programs of the Unix
 * side, and expose.py there writes down what the column says.
 */
#include "app.h"

BOOL app_exposed(void) {
  wchar_t database[MAX_PATH], answer[MAX_PATH], line[2048];
  swprintf(database, MAX_PATH, L"%ls\\db.sqlite", app_home());
  if (GetFileAttributesW(database) == INVALID_FILE_ATTRIBUTES) return FALSE;
  swprintf(answer, MAX_PATH, RIG L"live\\expose-%lu-%lu", GetCurrentProcessId(), GetTickCount());
  wchar_t tool[MAX_PATH] = L"";
  rig_switch(L"expose-tool", tool, MAX_PATH);
  STARTUPINFOW start = {sizeof start};
  PROCESS_INFORMATION process = {0};
  swprintf(line, COUNT(line), L"%ls \"%ls\" \"%ls\"", tool, database, answer);
  CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process);
  wchar_t *text = NULL;
  for (int i = 0; i < 300 && !(text = rig_text(answer)); i++) Sleep(10);
  BOOL exposed = text && *text == L'1';
  if (!text) app_log(L"the settings could not be read");
  free(text);
  DeleteFileW(answer);
  return exposed;
}
