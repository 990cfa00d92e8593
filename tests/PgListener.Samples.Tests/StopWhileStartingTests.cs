namespace PgListener.Samples.Tests;

/// <summary>A process that is told to end while its start waits for a server that is not there ends as it would at any other time.</summary>
public sealed class StopWhileStartingTests(Server server)
{
    [Theory]
    [InlineData("Chat", "Now listening on")] // Told to end before this, Kestrel itself ends the process with an exception.
    [InlineData("Cache", "Now listening on")]
    [InlineData("Orders", "127.0.0.1:1")]
    [InlineData("Relay", "127.0.0.1:1")]
    [InlineData("Worker", "127.0.0.1:1")]
    public async Task It_ends_with_exit_code_0_and_nothing_to_complain_of(string name, string lineBefore)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no signal that asks a process to end.");
        await using var database = await server.CreateDatabaseAsync();
        using var sample = SampleProcess.Start(
            name,
            database.ConnectionString,
            "--urls",
            "http://127.0.0.1:0",
            "--PgListener:ConnectionString",
            "Host=127.0.0.1;Port=1;Username=nobody",
            "--PgListener:StartupTimeout",
            "00:05:00");
        await sample.ReadUntilAsync(lineBefore);

        await sample.BeginToStopAsync();

        Assert.Equal((0, ""), (await sample.ExitCodeAsync(), await sample.ErrorsAsync()));
    }
}
