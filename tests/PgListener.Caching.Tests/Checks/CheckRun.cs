using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Caching.Tests.Checks;

/// <summary>Instances in this process, whose connections are cut again and again.</summary>
internal static class CheckRun
{
    private const int Instances = 3;

    /// <summary>Runs until all is written and cut.</summary>
    /// <param name="connectionString">The server.</param>
    /// <param name="add">Adds the cache to the services, on a channel.</param>
    /// <param name="start">Starts an instance.</param>
    /// <param name="create">Makes an instance's cache usable for the checker.</param>
    /// <param name="writes">How many changes.</param>
    /// <param name="cuts">How many cuts.</param>
    public static async Task<Journal> RunAsync(string connectionString, Action<IServiceCollection> add, Func<Instance, Task> start, Func<Instance, ICheckedCache> create, int writes, int cuts)
    {
        await VersionTable.CreateAsync(connectionString);
        await using var source = new VersionTable(connectionString);
        var journal = new Journal();
        var instances = new List<CheckedInstance>();
        try
        {
            for (var i = 0; i < Instances; i++)
            {
                var instance = new Instance(connectionString);
                add(instance.Services);
                await start(instance);
                instances.Add(new($"instance{i}", instance, create(instance), source, journal));
            }

            using var ended = new CancellationTokenSource();
            var reading = Task.WhenAll([
                CheckedInstance.FenceAsync(connectionString, create(instances[0].Instance), ended.Token),
                .. instances.SelectMany((instance, i) => new[] { instance.ReadAsync(i, ended.Token), instance.ReadAsync(10 + i, ended.Token) })]);
            await Task.WhenAll([CutAsync(connectionString, instances, cuts), .. instances.Select((instance, i) => instance.WriteAsync((writes + Instances - 1 - i) / Instances, TimeSpan.FromMilliseconds(5), i))]);
            await ended.CancelAsync();
            await reading;
        }
        finally
        {
            foreach (var instance in instances)
                await instance.Instance.DisposeAsync();
        }

        return journal;
    }

    private static async Task CutAsync(string connectionString, List<CheckedInstance> instances, int cuts)
    {
        var random = new Random(1);
        await using var database = NpgsqlDataSource.Create(connectionString);
        for (var i = 0; i < cuts; i++)
        {
            var instance = instances[random.Next(instances.Count)];
            if (i % 4 == 3)
            {
                await using var command = database.CreateCommand("select pg_terminate_backend($1)");
                command.Parameters.Add(new() { Value = instance.Instance.Listener.Status.ProcessId ?? 0 });
                await command.ExecuteNonQueryAsync();
            }
            else
            {
                await instance.Instance.CutAsync();
                await Task.Delay(random.Next(20, 250));
                instance.Connect();
            }

            await instance.Instance.Listener.Gaps.NextAsync();
            await instance.Instance.Listener.WaitUntilListeningAsync().SoonAsync();
            await Task.Delay(random.Next(20, 100));
        }
    }
}
