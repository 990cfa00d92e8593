using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PgListener.Durable.Tests;
using WebApi.Tests;
using static PgListener.AspNetCore.Tests.DurableShop;

namespace PgListener.AspNetCore.Tests;

/// <summary>What the page does, over HTTP and on a real database.</summary>
public sealed class ActionTests(ServerFixture server)
{
    private const string Unsure = "It is not known whether this was done, because it was interrupted. Look at the subscription before you try again. The log of the application has the reason.";

    private static readonly string[] Acts = ["requeue", "delete", "pause", "resume", "skip", "replay"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dead_letter_is_requeued_and_the_user_is_logged()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1), static options => options.MaxAttempts = 1);
        var actor = await Actor.SignInAsync(shop);
        await shop.PublishAsync(new(1), new(2));
        await shop.UntilAsync(static status => status is { DeadLetters: 1, Retries: 1 });
        var letter = Assert.Single(await LettersAsync(actor));
        Assert.Equal(("bob", 1, "System.IO.InvalidDataException"), (letter.GetProperty("key").GetString(), letter.GetProperty("attempts").GetInt32(), letter.GetProperty("errorType").GetString()));
        Assert.Contains("Order 1 is wrong.", letter.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.False(letter.TryGetProperty("payload", out _));
        var id = letter.GetProperty("id").GetInt64();

        shop.Handler.Failing.Clear();
        using var done = await actor.ActAsync("requeue", ("message", id));

        await AssertAsync(done, HttpStatusCode.OK, "1 dead letter is attempted again.");
        await shop.UntilHandledAsync(1, 2);
        var record = Assert.Single(shop.Site.Logged(), record => record.Id.Id == 700);
        Assert.Equal(LogLevel.Information, record.Level);
        Assert.Equal(
            $"User 'ann' has done 'requeue' (message {id}) for 'Billing' on durable channel 'order_placed' of listener '' on the status page. 1 dead letter is attempted again. Messages: 1.", record.Message);

        using var again = await actor.ActAsync("requeue", ("message", id));
        await AssertAsync(again, HttpStatusCode.Conflict, "There is no such dead letter any more: somebody has requeued or deleted it.");
        Assert.Single(shop.Site.Logged(), record => record.Id.Id == 700);
    }

    [Fact]
    public async Task All_dead_letters_with_an_error_are_requeued_or_deleted()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1, 2, 3), static options => (options.MaxAttempts, options.OnFailure) = (1, FailureMode.Park));
        var actor = await Actor.SignInAsync(shop);
        await shop.PublishAsync(new(1), new(2), new(3));
        await shop.UntilAsync(static status => status.DeadLetters == 3);

        using var other = await actor.ActAsync("requeue", ("error", "System.TimeoutException"));
        await AssertAsync(other, HttpStatusCode.Conflict, "There is no such dead letter any more: somebody has requeued or deleted it.");
        using var requeued = await actor.ActAsync("requeue", ("error", "System.IO.InvalidDataException"));
        await AssertAsync(requeued, HttpStatusCode.OK, "3 dead letters are attempted again.");
        await shop.UntilAsync(static status => status.DeadLetters == 3); // They fail again.

        var first = (await LettersAsync(actor))[0].GetProperty("id").GetInt64();
        using var one = await actor.ActAsync("delete", ("message", first));
        await AssertAsync(one, HttpStatusCode.OK, "1 dead letter is deleted.");
        using var deleted = await actor.ActAsync("delete", ("error", "System.IO.InvalidDataException"));
        await AssertAsync(deleted, HttpStatusCode.OK, "2 dead letters are deleted.");
        Assert.Empty(await LettersAsync(actor));
        Assert.Contains(shop.Site.Logged(), record => record.Id.Id == 700 && record.Message.Contains("'delete' (all with the error System.IO.InvalidDataException)", StringComparison.Ordinal) && record.Message.EndsWith("Messages: 2.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_subscription_is_paused_and_resumed()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var actor = await Actor.SignInAsync(shop);
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);

        using var early = await actor.ActAsync("resume");
        await AssertAsync(early, HttpStatusCode.Conflict, "It is not paused any more.");
        using var paused = await actor.ActAsync("pause");
        await AssertAsync(paused, HttpStatusCode.OK, "It is paused. Calls that are running end as usual.");
        await shop.UntilAsync(static status => status.Shards[0].Holder is null);
        using var twice = await actor.ActAsync("pause"); // A pause that a replay has begun would end with it.
        Assert.Equal(HttpStatusCode.OK, twice.StatusCode);

        await shop.PublishAsync(new OrderPlaced(1));
        using var resumed = await actor.ActAsync("resume");
        await AssertAsync(resumed, HttpStatusCode.OK, "It goes on.");
        await shop.UntilHandledAsync(1);
        Assert.Equal(["pause", "pause", "resume"], shop.Site.Logged().Where(record => record.Id.Id == 700).Select(record => record.GetStructuredStateValue("Act")));
    }

    [Fact]
    public async Task The_head_that_was_shown_is_skipped_and_no_other()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), Behaviour.Fails(1), static options => options.OnFailure = FailureMode.Block);
        var actor = await Actor.SignInAsync(shop);
        await shop.PublishAsync(new(1), new(2));
        var blocked = (await shop.UntilAsync(static status => status.Shards[0].BlockedMessage is not null)).Shards[0].BlockedMessage!.Value;

        using var other = await actor.ActAsync("skip", ("shard", 0), ("message", blocked + 1));
        await AssertAsync(other, HttpStatusCode.Conflict, $"Message {blocked + 1} is not the next one of shard 0 any more. Nothing was skipped.");
        using var nowhere = await actor.ActAsync("skip", ("shard", 7), ("message", blocked));
        await AssertAsync(nowhere, HttpStatusCode.Conflict, "It has no shard 7.");
        Assert.Empty(shop.Handler.Handled);

        using var skipped = await actor.ActAsync("skip", ("shard", 0), ("message", blocked));
        await AssertAsync(skipped, HttpStatusCode.OK, $"Message {blocked} is skipped.");
        await shop.UntilHandledAsync(2);
        Assert.Contains(shop.Site.Logged(), record => record.Id.Id == 700 && record.Message.Contains($"(message {blocked} of shard 0)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_are_delivered_again_from_a_time_on()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var actor = await Actor.SignInAsync(shop);
        var before = DateTimeOffset.UtcNow.AddSeconds(-5);
        await shop.PublishAsync(new(1), new(2));
        await shop.UntilHandledAsync(1, 2);

        using var replayed = await actor.ActAsync("replay", ("from", before.ToString("O", CultureInfo.InvariantCulture)));

        await AssertAsync(replayed, HttpStatusCode.OK, $"Messages since {before:u} that the log still has are delivered again.");
        await shop.UntilHandledAsync(1, 2, 1, 2);
        Assert.Contains(shop.Site.Logged(), record => record.Id.Id == 700 && record.Message.Contains($"'replay' (from {before:u})", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_understood_or_does_not_exist_is_said()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var actor = await Actor.SignInAsync(shop);
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);

        foreach (var (act, fields) in new (string, (string, object)[])[]
        {
            ("requeue", []),
            ("delete", []),
            ("delete", [("message", "x")]),
            ("skip", [("shard", 0)]),
            ("skip", [("message", 1)]),
            ("replay", []),
            ("replay", [("from", "yesterday")]),
            ("replay", [("from", DateTimeOffset.UtcNow.AddHours(1).ToString("O", CultureInfo.InvariantCulture))]),
            ("pause", [("handler", "")]),
            ("requeue", [("error", "\0")]),
        })
        {
            using var answer = await actor.ActAsync(act, fields);
            Assert.True(HttpStatusCode.BadRequest == answer.StatusCode, $"{act} {string.Join(' ', fields)}: {answer.StatusCode}");
        }

        foreach (var act in new[] { "pause", "resume", "requeue", "delete", "skip", "replay" })
        {
            (string, object)[] whole = [("message", 1), ("shard", 0), ("from", "2026-01-01T00:00:00Z")];
            using var handler = await actor.ActAsync(act, [.. whole, ("handler", "Nobody")]);
            await AssertAsync(handler, HttpStatusCode.NotFound, "There is no subscription 'Nobody' on 'order_placed'.");
            using var listener = await actor.ActAsync(act, [.. whole, ("listener", "nothing")]);
            Assert.Equal(HttpStatusCode.NotFound, listener.StatusCode);
        }

        using var unknown = await actor.ActAsync("explode");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var get = await actor.Client.GetAsync(new Uri("/pg-listener/actions/pause", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        Assert.DoesNotContain(shop.Site.Logged(), record => record.Id.Id == 700);
    }

    [Theory]
    [InlineData("open", "Development")]
    [InlineData("anonymous", "Production")]
    [InlineData("viewers", "Production")]
    public async Task Nobody_acts_but_those_whom_the_policy_admits_whatever_is_said_of_the_page(string page, string environment)
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), map: app => page switch
        {
            "anonymous" => Map(app).AllowAnonymous(),
            "viewers" => Map(app).RequireAuthorization(),
            _ => Map(app),
        }, environment: environment);
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);
        var allowed = await Actor.SignInAsync(shop);

        foreach (var (user, expected) in new[] { ((string?)null, HttpStatusCode.Unauthorized), ("eve", HttpStatusCode.Forbidden) })
        {
            using var client = new HttpClient { BaseAddress = shop.Site.Client.BaseAddress };
            if (user is not null)
                HeaderAuthentication.SignIn(client, user);
            var stranger = new Actor(client, allowed.Fields);
            foreach (var act in Acts)
            {
                using var answer = await stranger.ActAsync(act);
                Assert.True(expected == answer.StatusCode, $"{act} by {user}: {answer.StatusCode}");
            }

            foreach (var path in new[] { "/pg-listener/actions", "/pg-listener/dead-letters?channel=order_placed&handler=Billing" })
            {
                using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Token);
                Assert.True(expected == answer.StatusCode, $"{path} by {user}: {answer.StatusCode}");
            }
        }

        Assert.Null((await shop.UntilAsync(static _ => true)).PausedSince);
        using var done = await allowed.ActAsync("pause");
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
    }

    [Fact]
    public async Task A_request_that_does_not_come_from_the_page_changes_nothing()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);
        var actor = await Actor.SignInAsync(shop);
        using var withoutCookie = new HttpClient { BaseAddress = shop.Site.Client.BaseAddress };
        HeaderAuthentication.SignIn(withoutCookie, Operator);
        using var text = new StringContent("""{"channel":"order_placed","handler":"Billing"}""");

        foreach (var act in Acts)
        {
            using var noToken = await new Actor(actor.Client, []).ActAsync(act);
            using var wrongToken = await new Actor(actor.Client, [.. actor.Fields.Select(static field => KeyValuePair.Create(field.Key, "wrong"))]).ActAsync(act);
            using var noCookie = await new Actor(withoutCookie, actor.Fields).ActAsync(act);
            using var noForm = await actor.Client.PostAsync(new Uri($"/pg-listener/actions/{act}", UriKind.Relative), text, Token);
            Assert.All([noToken, wrongToken, noCookie, noForm], answer => Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode));
            Assert.Contains("antiforgery", await TextAsync(noToken), StringComparison.Ordinal);
        }

        Assert.Null((await shop.UntilAsync(static _ => true)).PausedSince);
        Assert.DoesNotContain(shop.Site.Logged(), record => record.Id.Id == 700);
    }

    [Fact]
    public async Task A_request_that_another_middleware_declares_to_be_a_GET_needs_the_token_all_the_same()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), map: static app =>
        {
            app.UseHttpMethodOverride(new() { FormFieldName = "_method" }); // After routing, which a WebApplication has at the beginning.
            return Map(app);
        });
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);
        var actor = await Actor.SignInAsync(shop);

        foreach (var method in new[] { "GET", "HEAD", "OPTIONS", "TRACE" })
        {
            using var answer = await new Actor(actor.Client, []).ActAsync("pause", ("_method", method));
            Assert.True(HttpStatusCode.BadRequest == answer.StatusCode, $"{method}: {answer.StatusCode}");
        }

        Assert.Null((await shop.UntilAsync(static _ => true)).PausedSince);
    }

    [Fact]
    public async Task A_form_that_cannot_be_read_is_a_bad_request()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var actor = await Actor.SignInAsync(shop);
        using var form = new StringContent("--x");
        form.Headers.ContentType = new("multipart/form-data");

        using var answer = await actor.Client.PostAsync(new Uri("/pg-listener/actions/pause", UriKind.Relative), form, Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_log_names_what_was_done_and_not_what_else_the_form_had()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync());
        var actor = await Actor.SignInAsync(shop);
        await shop.UntilAsync(static status => status.Shards[0].Holder is not null);

        using var paused = await actor.ActAsync("pause", ("message", 7), ("error", "E"));
        using var resumed = await actor.ActAsync("resume", ("from", "2026-01-01T00:00:00Z"));
        using var replayed = await actor.ActAsync("replay", ("from", "2026-01-01T00:00:00"), ("shard", 0), ("message", 7)); // A time without an offset is UTC.

        Assert.Equal(
            [("pause", "the subscription"), ("resume", "the subscription"), ("replay", "from 2026-01-01 00:00:00Z")],
            shop.Site.Logged().Where(record => record.Id.Id == 700).Select(record => (record.GetStructuredStateValue("Act"), record.GetStructuredStateValue("Target"))));
    }

    [Fact]
    public async Task Without_a_policy_there_are_no_actions()
    {
        await using var shop = await StartAsync(await server.CreateDatabaseAsync(), map: static app => app.MapPgListener());
        HeaderAuthentication.SignIn(shop.Site.Client, Operator);

        foreach (var path in new[] { "/actions", "/dead-letters?channel=order_placed&handler=Billing", "/actions/pause" })
        {
            using var get = await shop.Site.SendAsync("GET", "/pg-listener" + path);
            using var post = await shop.Site.SendAsync("POST", "/pg-listener" + path);
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (get.StatusCode, post.StatusCode));
        }

        Assert.DoesNotContain("<body data-actions>", await shop.Site.Client.GetStringAsync(shop.Site.Page, Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public async Task Actions_cannot_be_mapped_with_an_empty_policy(string policy)
    {
        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => Site.StartAsync(
            static services => Site.Add(services, new FakeListener()), app => app.MapPgListener(configure: page => page.ActionsPolicy = policy)));

        Assert.Contains("ActionsPolicy is empty. Set it to the name of an authorization policy", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "AddAuthorization()")]
    [InlineData(true, "AddAntiforgery()")]
    public async Task Actions_cannot_be_mapped_without_what_protects_them(bool hasAuthorization, string remedy)
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Site.StartAsync(
            services =>
            {
                Site.Add(services, new FakeListener());
                if (hasAuthorization)
                    services.AddAuthorization();
            },
            static app => app.MapPgListener(configure: static page => page.ActionsPolicy = "operators")));

        Assert.Contains(remedy, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_does_not_exist_is_reported_at_the_start_and_admits_nobody()
    {
        await using var site = await Site.StartAsync(
            static services =>
            {
                services.AddFakeLogging();
                Site.Add(services, new FakeListener());
                HeaderAuthentication.Add(services);
                services.AddAntiforgery();
            },
            static app => app.MapPgListener(configure: static page => page.ActionsPolicy = "operatros"));
        HeaderAuthentication.SignIn(site.Client, Operator);

        var warning = Assert.Single(site.Logged());
        Assert.Equal((LogLevel.Warning, 703), (warning.Level, warning.Id.Id));
        Assert.Contains("'/pg-listener'", warning.Message, StringComparison.Ordinal);
        Assert.Contains("'operatros'", warning.Message, StringComparison.Ordinal);
        using var answer = await site.SendAsync("GET", "/pg-listener/actions");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    [Fact]
    public async Task A_database_that_fails_is_said_and_logged()
    {
        var durable = new FakeDurable { Failure = new IOException("gone") };
        await using var site = await StartFakeAsync(durable);
        var actor = await Actor.SignInAsync(site);

        using var failed = await actor.ActAsync("pause");
        await AssertAsync(failed, HttpStatusCode.ServiceUnavailable, "Nothing was done, because the database could not be asked. The log of the application has the reason.");
        var record = Assert.Single(site.Logged(), record => record.Id.Id == 701);
        Assert.Equal((LogLevel.Warning, "gone", "ann"), (record.Level, record.Exception?.Message, record.GetStructuredStateValue("User")));
    }

    [Fact]
    public async Task A_database_that_fails_in_the_middle_of_an_act_leaves_it_open_whether_it_was_done()
    {
        var durable = new FakeDurable { ActFailure = new IOException("gone") };
        durable.Add(Name.Channel, Name.Handler, FakeDurable.Shard(0));
        await using var site = await StartFakeAsync(durable);
        var actor = await Actor.SignInAsync(site);
        await site.StatusAsync();

        using var failed = await actor.ActAsync("pause");
        await AssertAsync(failed, HttpStatusCode.ServiceUnavailable, Unsure);
        Assert.Equal("gone", Assert.Single(site.Logged(), record => record.Id.Id == 701).Exception?.Message);
        var readings = durable.Readings;
        await site.StatusAsync();
        Assert.Equal(readings + 1, durable.Readings); // It is shown at once what has become of it.

        durable.ActFailure = new TimeoutException("A call of its handler is still running.");
        using var late = await actor.ActAsync("pause");
        await AssertAsync(late, HttpStatusCode.Conflict, "A call of its handler is still running.");

        durable.IsRemoved = true;
        using var removed = await actor.ActAsync("pause");
        Assert.Equal(HttpStatusCode.NotFound, removed.StatusCode);
    }

    [Fact]
    public async Task An_act_that_the_stop_of_the_host_ends_is_said_and_logged()
    {
        var durable = new FakeDurable { ActGate = new() };
        durable.Add(Name.Channel, Name.Handler, FakeDurable.Shard(0));
        await using var site = await StartFakeAsync(durable);
        var actor = await Actor.SignInAsync(site);

        var act = actor.ActAsync("pause");
        await durable.ActGate.Task.WaitAsync(Eventually.Limit, Token);
        var stop = site.App.StopAsync(Token);

        using var answer = await act;
        await AssertAsync(answer, HttpStatusCode.ServiceUnavailable, Unsure);
        Assert.Single(site.Logged(), record => record.Id.Id == 701);
        await stop;
    }

    [Fact]
    public async Task Only_the_listeners_of_the_application_are_looked_up()
    {
        var durable = new FakeDurable();
        durable.Add(Name.Channel, Name.Handler, FakeDurable.Shard(0));
        await using var site = await StartFakeAsync(durable, services => services.AddKeyedSingleton<IDurableChannels>(KeyedService.AnyKey, durable));
        var actor = await Actor.SignInAsync(site);

        using var answer = await actor.ActAsync("resume", ("listener", "another"));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static Task<Site> StartFakeAsync(FakeDurable durable, Action<IServiceCollection>? configure = null) => Site.StartAsync(
        services =>
        {
            services.AddFakeLogging();
            Site.Add(services, new FakeListener());
            services.AddSingleton<IDurableChannels>(durable);
            HeaderAuthentication.Add(services);
            services.AddAntiforgery();
            services.AddAuthorizationBuilder().AddPolicy("operators", static policy => policy.RequireUserName(Operator));
            configure?.Invoke(services);
        },
        static app => Map(app));

    private static async Task<JsonElement[]> LettersAsync(Actor actor)
        => [.. JsonElement.Parse(await actor.Client.GetStringAsync(new Uri("/pg-listener/dead-letters?channel=order_placed&handler=Billing", UriKind.Relative), Token)).EnumerateArray()];

    private static async Task AssertAsync(HttpResponseMessage answer, HttpStatusCode status, string text)
    {
        Assert.Equal((status, text), (answer.StatusCode, await TextAsync(answer)));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    private static async Task<string?> TextAsync(HttpResponseMessage answer)
    {
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
        return body.GetProperty(answer.IsSuccessStatusCode ? "message" : "detail").GetString();
    }

    /// <summary>Acts as the page's script does.</summary>
    private sealed record Actor(HttpClient Client, KeyValuePair<string, string>[] Fields)
    {
        public static Task<Actor> SignInAsync(DurableShop shop) => SignInAsync(shop.Site);

        public static async Task<Actor> SignInAsync(Site site)
        {
            HeaderAuthentication.SignIn(site.Client, Operator);
            var actor = JsonElement.Parse(await site.Client.GetStringAsync(new Uri("/pg-listener/actions", UriKind.Relative), Token));
            Assert.Equal(Operator, actor.GetProperty("user").GetString());
            return new(site.Client, [KeyValuePair.Create(actor.GetProperty("field").GetString()!, actor.GetProperty("token").GetString()!)]);
        }

        public async Task<HttpResponseMessage> ActAsync(string act, params (string Name, object Value)[] fields)
        {
            var values = new Dictionary<string, string>(Fields, StringComparer.Ordinal) { ["channel"] = Name.Channel, ["handler"] = Name.Handler };
            foreach (var (name, value) in fields)
                values[name] = string.Create(CultureInfo.InvariantCulture, $"{value}");
            using var form = new FormUrlEncodedContent(values);
            return await Client.PostAsync(new Uri($"/pg-listener/actions/{act}", UriKind.Relative), form, Token);
        }
    }
}
