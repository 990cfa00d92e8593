using PgListener.Testing.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The same as the entry point xunit generates, and one more way to be called.
if (args is [OwnerProcess.Argument])
    return await OwnerProcess.RunAsync();

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
