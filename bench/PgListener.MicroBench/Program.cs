using BenchmarkDotNet.Running;
using PgListener.MicroBench;

// BenchmarkDotNet looks for the project, and leaves its results, where it is started: so that is always the folder bench.
for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
{
    if (folder.GetFiles("PgListener.MicroBench.csproj").Length > 0)
        Environment.CurrentDirectory = folder.Parent!.FullName;
}

BenchmarkSwitcher.FromAssembly(typeof(ParseBenchmarks).Assembly).Run(args);
