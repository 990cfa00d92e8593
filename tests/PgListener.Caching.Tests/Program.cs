using PgListener.Caching.Tests.Checks;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The same as the entry point xunit generates, and two more ways to be called.
switch (args)
{
    case [ProcessRun.Argument, ..]:
        return await ProcessRun.RunAsync(args);
    case [InstanceProgram.Argument, ..]:
        return await InstanceProgram.RunAsync(args);
}

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, PgListener.Caching.Tests.SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
