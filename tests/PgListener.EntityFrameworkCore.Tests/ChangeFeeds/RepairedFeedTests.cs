using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.EntityFrameworkCore.Tests.ChangeFeeds;

/// <summary>A durable feed that had a problem, and is as expected again.</summary>
public class RepairedFeedTests(ServerFixture server)
{
    private static readonly ChangeFeed Feed = ChangeFeed.For("authors").Key("id").Durable();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Handlers_are_notified_as_soon_as_the_database_takes_it()
    {
        var connectionString = await server.CreateDatabaseAsync();
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await DurableSchema.CreateAsync(dataSource, Cancellation);
        await ExecuteAsync($"create table authors (id int primary key); {Feed.Script} drop trigger authors_changes_insert on authors");
        var problems = Channel.CreateUnbounded<string>();
        var resyncs = Channel.CreateUnbounded<ResyncReason>();
        using var host = Build(connectionString, problems.Writer, resyncs.Writer);
        await host.StartAsync(Cancellation);
        Assert.Contains("a trigger is missing", await NextAsync(problems.Reader), StringComparison.Ordinal);

        // As a server whose disk is full.
        await ExecuteAsync($"""
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'No space left.' using errcode = 'disk_full'; end $$;
            create trigger refuse before insert on pglistener.message for each statement execute function refuse();
            {Feed.Script}
            """);
        Assert.Contains("could not be notified that anything may have changed", await NextAsync(problems.Reader), StringComparison.Ordinal);
        await ExecuteAsync("drop trigger refuse on pglistener.message");
        Assert.Equal(ResyncReason.Everything, await NextAsync(resyncs.Reader));
        Assert.False(problems.Reader.TryRead(out _));
        await host.StopAsync(Cancellation);

        async Task ExecuteAsync(string sql)
        {
            await using var command = dataSource.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }

    private static IHost Build(string connectionString, ChannelWriter<string> problems, ChannelWriter<ResyncReason> resyncs)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.AddFakeLogging(options =>
        {
            options.OutputFormatter = record => $"{record.Id.Id} {record.Message}";
            options.OutputSink = line =>
            {
                if (line.StartsWith("722 ", StringComparison.Ordinal))
                    problems.TryWrite(line);
            };
        });
        builder.Services.AddSingleton(resyncs);
        builder.Services.AddPgListener(connectionString: connectionString, options => options.ProveDeliveryInterval = options.KeepAlive = TimeSpan.FromSeconds(1))
            .AddDurableChannels()
            .AddChangeFeed<Author>(Feed)
            .AddHandler<Changes<Author>, Handler>();
        return builder.Build();
    }

    private sealed record Author;

    private sealed class Handler(ChannelWriter<ResyncReason> resyncs) : INotificationHandler<Changes<Author>>, IResyncHandler<Changes<Author>>
    {
        public Task HandleAsync(Notification<Changes<Author>> notification, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            if (resync.Reason == ResyncReason.Everything)
                resyncs.TryWrite(resync.Reason);
            return Task.CompletedTask;
        }
    }

    private static Task<T> NextAsync<T>(ChannelReader<T> reader) => reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
}
