using PgListener.Testing.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The same as the entry point xunit generates, and two more ways to be called.
if (args is [OwnerProcess.Argument])
    return await OwnerProcess.RunAsync();
if (args is [ManyLaunches.Argument, ..])
    return await ManyLaunches.RunAsync(args);

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
