using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PgListener.EntityFrameworkCore.Tests.ChangeFeeds;

/// <summary>An application that handles the changes of the tables of its model.</summary>
public class HostedTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_of_live_and_durable_feeds_are_handled()
    {
        var connectionString = await server.CreateDatabaseAsync();
        var seen = new Seen();
        using var host = Build(connectionString, seen, services => services.AddDbContext<BooksContext>(options => options.UseNpgsql(connectionString).UsePgListener()));
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<BooksContext>().Database.EnsureCreatedAsync(Cancellation);
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation);
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<BooksContext>();
            var book = db.Add(new Book { Title = "Emma" }).Entity;
            await db.SaveChangesAsync(Cancellation);
            book.Pages = 5; // Not watched.
            await db.SaveChangesAsync(Cancellation);
            book.Title = "Emma!";
            db.Add(new Author { Name = "Jane" });
            await db.SaveChangesAsync(Cancellation);
        }

        string[] all = [await seen.NextAsync(), await seen.NextAsync(), await seen.NextAsync()];
        Assert.Equal(["Author Insert 1", "Book Insert 1", "Book Update 1 Title"], all.Order(StringComparer.Ordinal));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_context_that_is_missing_or_does_not_create_feeds_fails_the_start()
    {
        await FailsAsync("Register it with AddDbContext<BooksContext>(…)", static _ => { });
        await FailsAsync("use UsePgListener() without a publisher", static services => services.AddDbContext<BooksContext>((provider, options) => options
            .UseNpgsql("Host=nowhere")
            .UsePgListener(provider.GetRequiredService<INotificationPublisher>())));
        await FailsAsync("There is no tenant. To read the feeds, a BooksContext is created", static services => services.AddScoped<BooksContext>(_ => throw new KeyNotFoundException("There is no tenant.")));
        await FailsAsync("options.UseNpgsql(…).UsePgListener()", static services => services.AddDbContext<BooksContext>(options => options.UseNpgsql("Host=nowhere")));
    }

    [Fact]
    public async Task The_only_context_of_an_application_can_be_used_after_its_feeds_were_read()
    {
        var connectionString = await server.CreateDatabaseAsync();
        using var host = Build(connectionString, new(), services => services.AddDbContext<BooksContext>(options => options.UseNpgsql(connectionString).UsePgListener(), ServiceLifetime.Singleton));
        var db = host.Services.GetRequiredService<BooksContext>();
        await db.Database.EnsureCreatedAsync(Cancellation);
        await host.StartAsync(Cancellation);
        Assert.Empty(await db.Set<Book>().ToListAsync(Cancellation));
        await host.StopAsync(Cancellation);
    }

    private static async Task FailsAsync(string remedy, Action<IServiceCollection> register)
    {
        using var host = Build("Host=nowhere", new(), register);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(Cancellation));
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    private static IHost Build(string connectionString, Seen seen, Action<IServiceCollection> register)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(seen);
        builder.Services.AddPgListener(connectionString: connectionString)
            .AddDurableChannels(options => options.CreateSchema = true)
            .AddChangeFeeds<BooksContext>()
            .AddHandler<Changes<Book>, Handler<Book>>()
            .AddHandler<Changes<Author>, Handler<Author>>();
        register(builder.Services);
        return builder.Build();
    }

    internal sealed class Seen
    {
        private readonly Channel<string> _seen = Channel.CreateUnbounded<string>();

        public void Add(string what) => _seen.Writer.TryWrite(what);

        public async Task<string> NextAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            return await _seen.Reader.ReadAsync(limit.Token);
        }
    }

    internal sealed class Handler<T>(Seen seen) : INotificationHandler<Changes<T>>, IResyncHandler<Changes<T>>
    {
        public Task HandleAsync(Notification<Changes<T>> notification, CancellationToken cancellationToken)
        {
            var changes = notification.Value;
            seen.Add($"{typeof(T).Name} {changes.Operation} {changes.Keys[0].GetInt32(0)} {string.Join(' ', changes.Columns)}".TrimEnd());
            return Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    internal sealed class Book
    {
        public int Id { get; set; }

        public string Title { get; set; } = "";

        public int Pages { get; set; }
    }

    internal sealed class Author
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    internal sealed class BooksContext(DbContextOptions<BooksContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Book>().HasChangeFeed(feed => feed.Columns(b => b.Title));
            modelBuilder.Entity<Author>().HasChangeFeed(feed => feed.Durable());
        }
    }
}
