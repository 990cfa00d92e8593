using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.AspNetCore.Tests;

/// <summary>Who is answered: outside Development only those of whom the application has said something.</summary>
public sealed class AccessTests
{
    private static readonly AuthorizationPolicy SignedIn = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    [InlineData("Test")]
    public async Task Outside_Development_a_page_of_which_nothing_is_said_is_refused_and_says_why(string environment)
    {
        await using var site = await StartAsync(static _ => { }, static app => app.MapPgListener(), environment);

        foreach (var (method, path) in new[] { ("GET", ""), ("GET", "/status"), ("GET", "/events"), ("HEAD", ""), ("HEAD", "/status") })
        {
            using var response = await site.SendAsync(method, "/pg-listener" + path);
            Assert.Equal((HttpStatusCode.Forbidden, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
            if (method == "HEAD")
                continue;
            var detail = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("detail").GetString();
            Assert.Contains("RequireAuthorization()", detail, StringComparison.Ordinal);
            Assert.Contains("AllowAnonymous()", detail, StringComparison.Ordinal);
        }

        var warning = Assert.Single(site.Logged());
        Assert.Equal((LogLevel.Warning, 410), (warning.Level, warning.Id.Id));
        Assert.Contains("'/pg-listener'", warning.Message, StringComparison.Ordinal);
        Assert.Contains($"'{environment}'", warning.Message, StringComparison.Ordinal);
        Assert.Contains("RequireAuthorization()", warning.Message, StringComparison.Ordinal);
        Assert.Contains("AllowAnonymous()", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_page_shows_nothing_of_its_listeners()
    {
        var listener = new FakeListener("secret_name");
        await using var site = await Site.StartAsync(services => Site.Add(services, listener), static app => app.MapPgListener(), environment: "Production");

        using var response = await site.SendAsync("GET", "/pg-listener/status");

        Assert.DoesNotContain("secret_name", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(0, listener.Looks);
    }

    [Fact]
    public async Task In_Development_it_is_open()
    {
        await using var site = await StartAsync(static _ => { }, static app => app.MapPgListener(), "Development");

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.OK);
        Assert.DoesNotContain(site.Logged(), record => record.Level >= LogLevel.Warning);
    }

    [Theory]
    [InlineData("page")]
    [InlineData("group")]
    [InlineData("attribute")]
    public async Task An_application_may_open_it_to_everybody(string where)
    {
        await using var site = await StartAsync(
            static _ => { },
            app => _ = where switch
            {
                "page" => app.MapPgListener("/open/x").AllowAnonymous(),
                "group" => app.MapGroup("/open").AllowAnonymous().MapPgListener("/x"),
                _ => app.MapGroup("/open").MapPgListener("/x").WithMetadata(new AllowAnonymousAttribute()),
            });

        await AssertAnswersAsync(site, "/open/x", HttpStatusCode.OK);
        Assert.Empty(site.Logged());
    }

    [Theory]
    [InlineData("page")]
    [InlineData("group")]
    [InlineData("outer group")]
    [InlineData("later on the group")]
    [InlineData("at the end of the group")]
    [InlineData("policy")]
    [InlineData("policy alone")]
    [InlineData("requirement")]
    public async Task Those_an_application_names_see_it_and_nobody_else(string where)
    {
        await using var site = await StartAsync(HeaderAuthentication.Add, app =>
        {
            var outer = app.MapGroup("/ops");
            var group = outer.MapGroup("/admin");
            if (where == "group")
                group.RequireAuthorization();
            var page = group.MapPgListener("/x");
            _ = where switch
            {
                "page" => page.RequireAuthorization(),
                "outer group" => outer.RequireAuthorization(),
                "later on the group" => group.RequireAuthorization(),
                "policy" => page.RequireAuthorization(SignedIn),
                "policy alone" => page.WithMetadata(SignedIn),
                "requirement" => page.WithMetadata(new SignedInAttribute()),
                _ => page,
            };
            if (where == "at the end of the group")
                ((IEndpointConventionBuilder)outer).Finally(static endpoint => endpoint.Metadata.Add(new AuthorizeAttribute()));
        });

        await AssertAnswersAsync(site, "/ops/admin/x", HttpStatusCode.Unauthorized);
        HeaderAuthentication.SignIn(site.Client);
        await AssertAnswersAsync(site, "/ops/admin/x", HttpStatusCode.OK);
        Assert.Empty(site.Logged());
    }

    [Theory]
    [InlineData("usual")]
    [InlineData("authorization before routing")]
    [InlineData("past the middleware")]
    public async Task A_fallback_policy_is_a_word_too_and_is_in_force_wherever_the_page_is_mapped(string pipeline)
    {
        await using var site = await StartAsync(AddWithFallback, app =>
        {
            if (pipeline == "authorization before routing")
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.UseRouting();
            }

            var page = app.MapPgListener();
            if (pipeline == "past the middleware")
            {
                app.UseAuthentication();
                app.UseRouting();
                ((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true; // As an application that is no WebApplication forgets it.
            }

            _ = page;
        });

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.Unauthorized);
        HeaderAuthentication.SignIn(site.Client);
        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.OK);
        Assert.Empty(site.Logged());
    }

    [Fact]
    public async Task A_short_circuit_does_not_lead_past_a_fallback_policy()
    {
        await using var site = await StartAsync(AddWithFallback, static app => app.MapPgListener().ShortCircuit());

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_application_with_a_fallback_policy_may_open_it_too()
    {
        await using var site = await StartAsync(AddWithFallback, static app => app.MapPgListener().AllowAnonymous());

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_host_name_is_the_clients_word_and_so_none_of_the_applications()
    {
        await using var site = await StartAsync(static _ => { }, static app => app.MapPgListener().RequireHost("127.0.0.1"));

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task What_is_said_and_that_nobody_enforces_opens_nothing()
    {
        // Neither is authorization added, nor does ASP.NET Core itself refuse these two.
        await using var site = await StartAsync(static _ => { }, static app =>
        {
            app.MapPgListener("/a").WithMetadata(SignedIn);
            app.MapPgListener("/b").WithMetadata(new SignedInAttribute());
        });

        await AssertAnswersAsync(site, "/a", HttpStatusCode.Forbidden);
        await AssertAnswersAsync(site, "/b", HttpStatusCode.Forbidden);
        Assert.Equal([410, 410], site.Logged().Select(record => record.Id.Id));
    }

    [Fact]
    public async Task Authorization_that_the_application_has_not_added_is_asked_for_at_the_start()
    {
        await using var site = await StartAsync(static _ => { }, static app => app.MapGroup("/admin").RequireAuthorization().MapPgListener("/x"));

        using var response = await site.SendAsync("GET", "/admin/x/status");

        Assert.False(response.IsSuccessStatusCode);
        var warning = Assert.Single(site.Logged());
        Assert.Equal((LogLevel.Warning, 411), (warning.Level, warning.Id.Id));
        Assert.Contains("'/admin/x'", warning.Message, StringComparison.Ordinal);
        Assert.Contains("AddAuthorization()", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_that_turns_off_the_check_of_ASPNET_Core_is_not_open_either()
    {
        await using var site = await StartAsync(
            static services => services.Configure<RouteOptions>(static options => options.SuppressCheckForUnhandledSecurityMetadata = true),
            static app => app.MapPgListener().RequireAuthorization());

        await AssertAnswersAsync(site, "/pg-listener", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Of_two_pages_each_answers_for_itself()
    {
        await using var site = await StartAsync(static _ => { }, static app =>
        {
            app.MapPgListener("/open").AllowAnonymous();
            app.MapGroup("/closed").MapPgListener("/x");
        });

        await AssertAnswersAsync(site, "/open", HttpStatusCode.OK);
        await AssertAnswersAsync(site, "/closed/x", HttpStatusCode.Forbidden);
        Assert.Contains("'/closed/x'", Assert.Single(site.Logged()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_branch_of_the_application_is_no_way_in()
    {
        await using var site = await StartAsync(static _ => { }, static app => app.Map("/branch", static branch =>
        {
            branch.UseRouting();
            branch.UseEndpoints(static endpoints => endpoints.MapPgListener("/x"));
        }));

        await AssertAnswersAsync(site, "/branch/x", HttpStatusCode.Forbidden);
        Assert.Single(site.Logged());
    }

    [Fact]
    public async Task The_applications_own_pages_for_errors_do_not_hide_the_reason()
    {
        await using var site = await StartAsync(
            static services => services.AddProblemDetails(),
            static app =>
            {
                app.UseExceptionHandler();
                app.UseStatusCodePages();
                app.MapPgListener();
            });

        using var response = await site.SendAsync("GET", "/pg-listener", "text/html");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("RequireAuthorization()", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static void AddWithFallback(IServiceCollection services)
    {
        HeaderAuthentication.Add(services);
        services.AddAuthorizationBuilder().SetFallbackPolicy(SignedIn);
    }

    /// <summary>Starts it in Production, and waits until it has said what it says at the start.</summary>
    private static async Task<Site> StartAsync(Action<IServiceCollection> configure, Action<WebApplication> map, string environment = "Production")
        => await Site.StartAsync(
            services =>
            {
                services.AddFakeLogging();
                Site.Add(services, new FakeListener(), new FakeListener("other"));
                configure(services);
            },
            map,
            environment: environment);

    private static async Task AssertAnswersAsync(Site site, string page, HttpStatusCode expected)
    {
        foreach (var path in new[] { page, page + "/status", page + "/events" })
        {
            using var response = await site.SendAsync("GET", path);
            Assert.True(expected == response.StatusCode, $"{path}: {response.StatusCode}");
        }
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SignedInAttribute : Attribute, IAuthorizationRequirementData
    {
        public IEnumerable<IAuthorizationRequirement> GetRequirements() => [new DenyAnonymousAuthorizationRequirement()];
    }
}
