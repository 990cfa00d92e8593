using PgListener.Samples.Tests;
using PgListener.Samples.Tests.Relays;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The same as the entry point xunit generates, and one more way to be called.
if (args is [RelayProgram.Argument, ..])
    return await RelayProgram.RunAsync(args[1..]);

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
