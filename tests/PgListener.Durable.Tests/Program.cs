using PgListener.Durable.Tests;
using PgListener.Durable.Tests.Membership;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The same as the entry point xunit generates, and one more way to be called.
if (args is [MemberProcess.Argument, var connectionString, var timeout])
    return await MemberProcess.RunAsync(connectionString, TimeSpan.Parse(timeout, System.Globalization.CultureInfo.InvariantCulture));

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
