using Microsoft.Extensions.DependencyInjection;

namespace PgListener.AspNetCore.Tests;

/// <summary>Durable channels with everything that can be wrong, for pictures and for what looks at all of the page.</summary>
internal static class DurableScene
{
    public static FakeDurable Create(DateTimeOffset now)
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "BillingHandler", FakeDurable.Shard(0, waiting: 42, seconds: 130) with { BlockedSince = now.AddSeconds(-128), BlockedMessage = 5_000 }, FakeDurable.Shard(1, "shop-2/98", 7002));
        durable.Add("order_placed", "MailHandler", FakeDurable.Shard(0) with { DeadLetters = 14, Retries = 3, OldestDeadLetter = now.AddHours(-7) });
        durable.Add("ledger_entry", "LedgerExport", [.. Enumerable.Range(0, 4).Select(shard => FakeDurable.Shard(shard, shard < 2 ? "shop-1/412" : "shop-2/98", shard < 2 ? 7001 : 7002, waiting: shard == 0 ? 10_000 : 770, seconds: 95) with { IsLagAtLeast = shard == 0 })]);
        durable.Add("price_changed", "PriceCache", FakeDurable.Shard(0));
        durable.Add("stock_moved", "StockHandler", FakeDurable.Shard(0, holder: null, waiting: 310, seconds: 610));
        durable.Update(4, one => one with { PausedSince = now.AddMinutes(-10) });
        durable.Status = durable.Status with { LogBytes = 734_003_200 };
        for (var i = 0; i < 12; i++)
            durable.Parked.Add(Letter(now, 4_100 + (i * 17), "System.InvalidOperationException", $"The mail service does not know the address 'customer{i}'.", $"customer{i}", minutes: 420 - (i * 30)));
        durable.Parked.Add(Letter(now, 4_210, "System.TimeoutException", "The mail service did not answer within 10 s.", "ada@example.org", minutes: 190));
        durable.Parked.Add(Letter(now, 4_498, "System.TimeoutException", "The mail service did not answer within 10 s.", "grace@example.org", minutes: 14));
        return durable;
    }

    public static Task<Site> StartAsync(FakeDurable durable, DateTimeOffset start) => Site.StartAsync(
        services =>
        {
            var listener = new FakeListener();
            listener.Status = listener.Status with { Since = start };
            Site.Add(services, listener);
            services.AddSingleton<IDurableChannels>(durable);
            HeaderAuthentication.Add(services);
            services.AddAntiforgery();
            services.AddAuthorizationBuilder().AddPolicy("operators", static policy => policy.RequireUserName(DurableShop.Operator));
        },
        static app => DurableShop.Map(app),
        start);

    private static ParkedMessage Letter(DateTimeOffset now, long id, string type, string text, string key, int minutes) => new()
    {
        Subscription = new("order_placed", "MailHandler"),
        Id = id,
        Key = key,
        State = ParkedState.Dead,
        Attempts = 10,
        ErrorType = type,
        Error = text,
        PublishedAt = now.AddMinutes(-minutes - 25),
        FailedAt = now.AddMinutes(-minutes),
        DeadAt = now.AddMinutes(-minutes),
    };
}
