using System.Globalization;
using Npgsql;

namespace PgListener.Durable.Tests.Streams;

/// <summary>Readers that go and come back at random, to one of two instances, while writers write at random.</summary>
public class ReturningReadersTests(ServerFixture server)
{
    private const int Keys = 4;

    [Fact]
    public async Task Each_has_every_message_once_and_in_order()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await StreamingApp.StartAsync(database, options => options.PageSize = 7);
        await using var other = await StreamingApp.StartAsync(database);
        await one.ExecuteAsync("create table key (id int primary key, n bigint not null); insert into key select i, 0 from generate_series(0, 3) i");
        var beginnings = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => one.ReadFromNowAsync(capacity: 5)));
        var writers = Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(() => WriteAsync(one.DataSource, new(seed), 60))));
        var readers = beginnings.Select((reading, seed) => Task.Run(() => ReadAsync([one, other], reading, new(seed)))).ToArray();

        var published = (await writers).Sum();
        await one.Publisher.PublishAsync(new OrderPlaced(-1), TestContext.Current.CancellationToken);
        foreach (var seen in await Task.WhenAll(readers))
        {
            Assert.Equal(published, seen.Count);
            Assert.Equal(published, seen.Distinct().Count());
            for (var key = 0; key < Keys; key++)
            {
                var numbers = seen.Where(order => order.Customer == $"k{key}").Select(order => order.Id).ToArray();
                Assert.Equal(numbers.Order(), numbers);
            }
        }
    }

    /// <summary>Writes in transactions of different lengths, of which some are rolled back. Those of a key wait for each other.</summary>
    private static async Task<int> WriteAsync(NpgsqlDataSource dataSource, Random random, int transactions)
    {
        var written = 0;
        for (var i = 0; i < transactions; i++)
        {
            await using var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            var keys = Enumerable.Range(0, random.Next(1, Keys)).Select(_ => random.Next(Keys)).Order().Distinct().ToArray();
            foreach (var key in keys)
            {
                await ExecuteAsync($"""
                    with next as (update key set n = n + 1 where id = {key} returning n)
                    select pglistener.publish('order_placed', json_build_object('id', n, 'customer', 'k{key}')::text, key => 'k{key}') from next
                    """);
                await ExecuteAsync($"select pg_sleep({(random.NextDouble() * 0.01).ToString(CultureInfo.InvariantCulture)})");
            }

            if (random.Next(5) == 0)
                continue; // Rolled back.

            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            written += keys.Length;

            async Task ExecuteAsync(string sql)
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            }
        }

        return written;
    }

    private static async Task<List<OrderPlaced>> ReadAsync(StreamingApp[] instances, Reading<OrderPlaced> reading, Random random)
    {
        var seen = new List<OrderPlaced>();
        while (true)
        {
            for (var i = random.Next(30); i >= 0; i--)
            {
                var order = (await reading.NextAsync()).Value;
                if (order.Id < 0)
                {
                    await reading.DisposeAsync();
                    return seen;
                }

                seen.Add(order);
            }

            await reading.DisposeAsync();
            reading = instances[random.Next(instances.Length)].Read(reading.Position, capacity: random.Next(1, 20));
        }
    }
}
