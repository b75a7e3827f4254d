/** The property list that Homebrew writes for Ollama: Service#to_plist in its Library/Homebrew/service.rb. */
export function homebrewPlist(variables: Record<string, string> | undefined): string {
  const environment = variables && [
    '\t<key>EnvironmentVariables</key>',
    '\t<dict>',
    ...Object.entries(variables).flatMap(([name, value]) => [
      `\t\t<key>${name}</key>`,
      value ? `\t\t<string>${value}</string>` : '\t\t<string/>',
    ]),
    '\t</dict>',
  ];
  return `${[...HEAD, ...(environment ?? []), ...REST].join('\n')}\n`;
}

const HEAD = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
  '<plist version="1.0">',
  '<dict>',
];

const REST = [
  '\t<key>KeepAlive</key>',
  '\t<true/>',
  '\t<key>Label</key>',
  '\t<string>sh.brew.ollama</string>',
  '\t<key>LimitLoadToSessionType</key>',
  '\t<array>',
  ...['Aqua', 'Background', 'LoginWindow', 'StandardIO', 'System'].map((type) => `\t\t<string>${type}</string>`),
  '\t</array>',
  '\t<key>ProgramArguments</key>',
  '\t<array>',
  '\t\t<string>/opt/homebrew/opt/ollama/bin/ollama</string>',
  '\t\t<string>serve</string>',
  '\t</array>',
  '\t<key>RunAtLoad</key>',
  '\t<true/>',
  '\t<key>StandardErrorPath</key>',
  '\t<string>/opt/homebrew/var/log/ollama.log</string>',
  '\t<key>StandardOutPath</key>',
  '\t<string>/opt/homebrew/var/log/ollama.log</string>',
  '\t<key>WorkingDirectory</key>',
  '\t<string>/opt/homebrew/var</string>',
  '</dict>',
  '</plist>',
];
